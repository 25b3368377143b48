package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"holdfast/internal/clock"
	"holdfast/internal/localserver"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	region = "eu-central-1"
	// limit ends a measurement that hangs.
	limit = 10 * time.Minute
)

// lab is what the processes call: a simulated organization and a redis-server.
type lab struct {
	settings settings
	org      *sim.Organization
	url      string
	redis    *localserver.Redis
	client   *redis.Client
	dir      string
	program  string
	clock    clock.Clock
}

// plan is one run before it is made.
type plan struct {
	processes int
	stranger  bool
	accounts  map[string]string // one for each contender
}

// measure makes every run at once, each contender of each in an account of its own.
func measure(ctx context.Context, s settings, progress io.Writer) (document, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	plans, accounts := plansFor(s)
	l, err := newLab(ctx, s, accounts)
	if err != nil {
		return document{}, err
	}
	defer l.close()
	fmt.Fprintf(progress, "%d runs of %d calls by %d contenders, all at once: about three minutes\n", len(plans), s.calls, len(contenders()))
	doc := document{
		Machine: machine{CPUs: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()},
		Calls:   s.calls, Callers: s.callers, Rate: bucketRate, Burst: bucketBurst, Runs: make([]result, len(plans)),
	}
	var group errgroup.Group
	start := newGate(len(accounts))
	var mu sync.Mutex
	for i, p := range plans {
		doc.Runs[i] = result{Processes: p.processes, Stranger: p.stranger, Contenders: map[string]figures{}}
		for name, account := range p.accounts {
			group.Go(func() error {
				f, err := l.contest(ctx, p, name, account, start)
				if err != nil {
					cancel()
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				doc.Runs[i].Contenders[name] = f
				return nil
			})
		}
	}
	return doc, group.Wait()
}

// plansFor returns the runs: one for each number of processes, and the last number again
// with a stranger.
func plansFor(s settings) (plans []plan, accounts []string) {
	for _, n := range s.processes {
		plans = append(plans, plan{processes: n})
	}
	plans = append(plans, plan{processes: s.processes[len(s.processes)-1], stranger: true})
	for i := range plans {
		plans[i].accounts = map[string]string{}
		for _, name := range contenders() {
			account := fmt.Sprintf("%012d", 100+len(accounts))
			accounts, plans[i].accounts[name] = append(accounts, account), account
		}
	}
	return plans, accounts
}

// newLab starts a redis-server and serves an organization whose clock, and with it every
// bucket, runs ten times as fast as the machine's.
func newLab(ctx context.Context, s settings, accounts []string) (*lab, error) {
	machine := clock.System()
	org, err := sim.New(sim.Options{Clock: clock.Scaled(machine.Now(), speedUp), Accounts: accounts, Regions: []string{region}})
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	go func() { _ = sim.Serve(ctx, org, listener) }() // ends with ctx
	l := &lab{settings: s, org: org, url: "http://" + listener.Addr().String(), program: program, clock: machine}
	if l.dir, err = os.MkdirTemp("", "holdfast-bench"); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	if l.redis, err = localserver.StartRedis(l.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(l.dir))
	}
	l.client = redis.NewClient(&redis.Options{Addr: l.redis.Addr})
	return l, nil
}

// close stops the server and removes what it wrote.
func (l *lab) close() {
	_ = l.client.Close()
	l.redis.Kill()
	_ = os.RemoveAll(l.dir)
}

// volumes creates n volumes in account and returns their ids.
func (l *lab) volumes(account string, n int) ([]string, error) {
	ids := make([]string, n)
	for i := range ids {
		arn, err := l.org.Create(sim.Blueprint{Kind: resource.EBS, Account: account, Region: region, SizeGiB: 1})
		if err != nil {
			return nil, err
		}
		ids[i] = arn[strings.LastIndexByte(arn, '/')+1:]
	}
	return ids, nil
}

// contest lets one contender make its calls in its account, once every contender is at
// the start.
func (l *lab) contest(ctx context.Context, p plan, name, account string, start *gate) (figures, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := fmt.Sprintf("%s.%d.%t", name, p.processes, p.stranger)
	if err := l.fill(ctx, queue, account); err != nil {
		return figures{}, err
	}
	processes, err := l.spawn(ctx, p.processes, name, account, queue)
	if err != nil {
		return figures{}, err
	}
	other, err := l.newStranger(ctx, p.stranger, account)
	if err != nil {
		return figures{}, err
	}
	if err := start.arrive(ctx); err != nil {
		return figures{}, err
	}
	began := l.clock.Now()
	var foreign sync.WaitGroup
	foreign.Go(func() { other.run(ctx) })
	total, err := finish(processes)
	cancel()
	foreign.Wait()
	if err != nil {
		return figures{}, fmt.Errorf("%s with %d processes: %w", name, p.processes, err)
	}
	return judge(total, other.accepted, began), nil
}

// finish lets processes begin and adds up what they counted.
func finish(processes []*process) (total tally, err error) {
	for _, p := range processes {
		if _, err := p.in.Write([]byte("\n")); err != nil {
			return total, fmt.Errorf("start a process: %w", err)
		}
	}
	for _, p := range processes {
		t, err := p.end()
		if err != nil {
			return total, err
		}
		total = total.plus(t)
	}
	return total, nil
}

// fill puts the volumes to snapshot into the list the processes take them from.
func (l *lab) fill(ctx context.Context, queue, account string) error {
	ids, err := l.volumes(account, l.settings.calls)
	if err != nil {
		return err
	}
	words := make([]any, len(ids))
	for i, id := range ids {
		words[i] = id
	}
	if err := l.client.RPush(ctx, queue, words...).Err(); err != nil {
		return fmt.Errorf("fill the list of volumes: %w", err)
	}
	return nil
}

// process is a measured process, ready to begin.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// spawn starts n processes and waits until each is ready.
func (l *lab) spawn(ctx context.Context, n int, contender, account, queue string) ([]*process, error) {
	processes := make([]*process, n)
	for i := range processes {
		cmd := exec.CommandContext(ctx, l.program, child, "--contender", contender, "--url", l.url, "--redis", l.redis.Addr,
			"--account", account, "--region", region, "--queue", queue, "--callers", strconv.Itoa(l.settings.callers))
		cmd.Stderr = os.Stderr
		in, inErr := cmd.StdinPipe()
		out, outErr := cmd.StdoutPipe()
		if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
			return nil, fmt.Errorf("start process: %w", err)
		}
		processes[i] = &process{cmd: cmd, in: in, out: bufio.NewReader(out)}
	}
	for _, p := range processes {
		if line, err := p.out.ReadString('\n'); err != nil || line != "ready\n" {
			return nil, fmt.Errorf("a process of %s says %q and is not ready: %w", contender, line, err)
		}
	}
	return processes, nil
}

// end waits for the process and returns what it counted.
func (p *process) end() (t tally, err error) {
	if err := json.NewDecoder(p.out).Decode(&t); err != nil {
		return t, errors.Join(fmt.Errorf("read its tally: %w", err), p.cmd.Wait())
	}
	return t, p.cmd.Wait()
}
