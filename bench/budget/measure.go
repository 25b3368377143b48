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
	// extraVolumes are for the stranger, who snapshots volumes of its own.
	extraVolumes = 3000
)

// lab is what the processes call: a simulated organization and a redis-server.
type lab struct {
	settings settings
	org      *sim.Organization
	url      string
	redis    *localserver.Redis
	client   *redis.Client
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
	var plans []plan
	for _, n := range s.processes {
		plans = append(plans, plan{processes: n})
	}
	plans = append(plans, plan{processes: s.processes[len(s.processes)-1], stranger: true})
	var accounts []string
	for i := range plans {
		plans[i].accounts = map[string]string{}
		for _, name := range contenders() {
			account := fmt.Sprintf("%012d", 100+len(accounts))
			accounts, plans[i].accounts[name] = append(accounts, account), account
		}
	}
	l, err := newLab(ctx, s, accounts)
	if err != nil {
		return document{}, err
	}
	defer l.redis.Kill()
	fmt.Fprintf(progress, "%d runs of %d calls by %d contenders, all at once: about two minutes\n", len(plans), s.calls, len(contenders()))
	doc := document{
		Machine: machine{CPUs: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()},
		Calls:   s.calls, Callers: s.callers, Rate: bucketRate, Burst: bucketBurst, Runs: make([]result, len(plans)),
	}
	var group errgroup.Group
	var start gate
	for i, p := range plans {
		doc.Runs[i] = result{Processes: p.processes, Stranger: p.stranger, Contenders: map[string]figures{}}
	}
	type outcome struct {
		run  int
		name string
		figures
	}
	outcomes := make(chan outcome, len(accounts))
	for i, p := range plans {
		for name, account := range p.accounts {
			start.expect()
			group.Go(func() error {
				f, err := l.contest(ctx, p, name, account, &start)
				outcomes <- outcome{i, name, f}
				return err
			})
		}
	}
	err = group.Wait()
	close(outcomes)
	for o := range outcomes {
		doc.Runs[o.run].Contenders[o.name] = o.figures
	}
	return doc, err
}

// newLab starts a redis-server and serves an organization whose clock, and with it every
// bucket, runs ten times as fast as the machine's.
func newLab(ctx context.Context, s settings, accounts []string) (*lab, error) {
	machine := clock.System()
	org, err := sim.New(sim.Options{Clock: clock.Scaled(machine.Now(), speedUp), Accounts: accounts, Regions: []string{region}})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "holdfast-bench")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	server, err := localserver.StartRedis(dir)
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
	return &lab{
		settings: s, org: org, url: "http://" + listener.Addr().String(), redis: server, program: program, clock: machine,
		client: redis.NewClient(&redis.Options{Addr: server.Addr}),
	}, nil
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

// contest lets one contender make its calls in its account.
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
	other := &stranger{lab: l, account: account}
	if p.stranger {
		if other.volumes, err = l.volumes(account, extraVolumes); err != nil {
			return figures{}, err
		}
	}
	start.wait()
	began := l.clock.Now()
	var foreign errgroup.Group
	if p.stranger {
		foreign.Go(func() error { return other.run(ctx) })
	}
	var total tally
	for _, process := range processes {
		if err := process.begin(); err != nil {
			return figures{}, err
		}
	}
	for _, process := range processes {
		t, err := process.end()
		if err != nil {
			return figures{}, fmt.Errorf("%s with %d processes: %w", name, p.processes, err)
		}
		total = total.plus(t)
	}
	cancel()
	if err := foreign.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return figures{}, err
	}
	return judge(total, other.accepted, began), nil
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
		cmd := exec.CommandContext(ctx, l.program, child, "--contender", contender, "--url", l.url, "--redis", l.redis.Addr, //nolint:gosec // this program itself
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

func (p *process) begin() error {
	_, err := p.in.Write([]byte("\n"))
	return err
}

// end waits for the process and returns what it counted.
func (p *process) end() (t tally, err error) {
	if err := json.NewDecoder(p.out).Decode(&t); err != nil {
		return t, errors.Join(fmt.Errorf("read its tally: %w", err), p.cmd.Wait())
	}
	return t, p.cmd.Wait()
}
