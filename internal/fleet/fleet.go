// Package fleet runs a whole installation on this machine without containers: a real
// redis-server and PostgreSQL, moto or a simulated organization as AWS, and any number of
// holdfast processes. `make fleet` and the end-to-end tests use it.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/localserver"
)

// Options say what to run.
type Options struct {
	Binary string // the holdfast program
	Dir    string // takes configuration, policy and logs
	// Policy is the text of the policy file; Soon in it is replaced.
	Policy string
	// Examples makes resources in moto before any of our processes starts; not with a
	// simulator, which has its own.
	Examples bool
	// SimulatorURL is a served simulated organization; empty starts moto as AWS.
	SimulatorURL      string
	Accounts, Regions []string
	// Shape is how Redis is run: one server, behind a sentinel, or as a Cluster.
	Shape      RedisShape
	Schedulers int
	Workers    int
	Web        bool
	// Prepare, when set, is called with the catalog's DSN before any process starts.
	Prepare func(ctx context.Context, dsn string) error
	// Environ is added to the environment of our processes: HOLDFAST_LIMITS_ACCOUNT=3.
	Environ []string
}

// Fleet is a running installation. Its methods may be called concurrently, those that
// start, signal or kill a process by one goroutine at a time for each process.
type Fleet struct {
	Config   string                // path of the configuration file
	Redis    *localserver.Redis    // the only server, or the first of RedisSet
	RedisSet *localserver.RedisSet // nil when there is only one
	Postgres *localserver.Postgres
	Moto     *localserver.Moto // nil with a simulator
	DSN      string            // of the catalog
	WebURL   string            // empty without web
	FireAt   time.Time         // what Soon in the policy became

	opts      Options
	mu        sync.Mutex // guards processes
	processes map[string]*localserver.Process
}

// Start starts the servers and then the processes. When ctx ends before that is done it
// stops at the next step. On an error nothing is left running.
func Start(ctx context.Context, opts Options) (_ *Fleet, err error) {
	f := &Fleet{opts: opts, Config: filepath.Join(opts.Dir, "holdfast.yaml"), processes: map[string]*localserver.Process{}}
	defer func() {
		if err != nil {
			f.Stop()
		}
	}()
	steps := []func() error{
		f.startRedis, f.startPostgres, func() error { return f.prepare(ctx) }, f.startMoto,
		func() error { return f.createExamples(ctx) }, f.configure,
	}
	for _, name := range opts.names() {
		steps = append(steps, func() error { return f.StartProcess(name) })
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// names returns the processes to start.
func (o Options) names() (names []string) {
	for i := range o.Schedulers {
		names = append(names, fmt.Sprintf("scheduler-%d", i+1))
	}
	for i := range o.Workers {
		names = append(names, fmt.Sprintf("worker-%d", i+1))
	}
	if o.Web {
		names = append(names, "web-1")
	}
	return names
}

// RedisShape is how Redis is run.
type RedisShape string

// The shapes, as redis.mode writes them.
const (
	OneRedis      RedisShape = "single"
	RedisSentinel RedisShape = "sentinel"
	RedisCluster  RedisShape = "cluster"
)

func (f *Fleet) startRedis() (err error) {
	switch f.opts.Shape {
	case RedisSentinel:
		f.RedisSet, err = localserver.StartRedisSentinel(f.opts.Dir)
	case RedisCluster:
		f.RedisSet, err = localserver.StartRedisCluster(f.opts.Dir)
	default:
		f.Redis, err = localserver.StartRedis(f.opts.Dir)
		return err
	}
	if err == nil {
		f.Redis = f.RedisSet.Servers[0]
	}
	return err
}

// redisConfig is the line of the configuration that says where Redis is.
func (f *Fleet) redisConfig() string {
	if f.RedisSet == nil {
		return fmt.Sprintf("redis: {mode: single, addresses: [%q]}", f.Redis.Addr)
	}
	master := ""
	if f.opts.Shape == RedisSentinel {
		master = ", sentinel_master: " + localserver.MasterName
	}
	return fmt.Sprintf("redis: {mode: %s, addresses: ['%s']%s}", f.opts.Shape, strings.Join(f.RedisSet.Addresses, "', '"), master)
}

func (f *Fleet) startPostgres() (err error) {
	if f.Postgres, err = localserver.StartPostgres(false); err != nil {
		return err
	}
	f.DSN, err = f.Postgres.CreateDatabase("holdfast")
	return err
}

func (f *Fleet) prepare(ctx context.Context) error {
	if f.opts.Prepare == nil {
		return nil
	}
	return f.opts.Prepare(ctx, f.DSN)
}

// startMoto starts moto unless a simulator takes its place.
func (f *Fleet) startMoto() (err error) {
	if f.opts.SimulatorURL != "" {
		return nil
	}
	if f.Moto, err = localserver.StartMoto(f.opts.Dir); err != nil {
		return err
	}
	return os.WriteFile(f.scriptFile(), boto3, 0o600)
}

// configure writes the configuration and the policy.
func (f *Fleet) configure() error {
	webAddress := "127.0.0.1:0"
	if f.opts.Web {
		port, err := localserver.FreePort()
		if err != nil {
			return err
		}
		webAddress = fmt.Sprintf("127.0.0.1:%d", port)
		f.WebURL = "http://" + webAddress
	}
	aws := "  simulator_url: " + f.opts.SimulatorURL
	if f.Moto != nil {
		aws = "  endpoint_url: " + f.Moto.URL + "\n  roles: {arn_template: 'arn:{partition}:iam::{account}:role/holdfast-{purpose}', external_id: holdfast-local}"
	}
	lines := []string{
		"installation: fleet",
		"log: {level: info, format: json}",
		f.redisConfig(),
		fmt.Sprintf("catalog: {dsn: %q}", f.DSN),
		"aws:", aws,
		"  regions: [" + strings.Join(f.opts.Regions, ", ") + "]",
		"  accounts: {ids: ['" + strings.Join(f.opts.Accounts, "', '") + "']}",
		"policies: [policy.yaml]",
		fmt.Sprintf("web: {listen: %q}", webAddress),
	}
	policy, at := Fill(f.opts.Policy, clock.System().Now())
	f.FireAt = at
	err := os.WriteFile(f.Config, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	return errors.Join(err, os.WriteFile(filepath.Join(f.opts.Dir, "policy.yaml"), []byte(policy), 0o600))
}

// Env is what our processes need from the environment beside their configuration: moto
// takes any credentials.
func (f *Fleet) Env() []string {
	if f.Moto == nil {
		return f.opts.Environ
	}
	return append([]string{
		"AWS_ACCESS_KEY_ID=testing", "AWS_SECRET_ACCESS_KEY=testing", "AWS_REGION=" + f.opts.Regions[0],
		"AWS_EC2_METADATA_DISABLED=true",
	}, f.opts.Environ...)
}

// StartProcess starts the process name, which is its role and a number: worker-3. environ is
// added to what Options.Environ has. It returns when the process says that it runs.
func (f *Fleet) StartProcess(name string, environ ...string) error {
	role, _, _ := strings.Cut(name, "-")
	var from int64 // what an earlier process of the name has logged says nothing of this one
	if info, err := os.Stat(f.LogFile(name)); err == nil {
		from = info.Size()
	}
	p, err := localserver.StartProcess(localserver.Spec{
		Path: f.opts.Binary, Args: []string{role, "--config", f.Config}, Env: slices.Concat(f.Env(), environ),
		Log: f.LogFile(name), Ready: func() error { return f.running(name, from) },
	})
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.processes[name] = p
	return nil
}

// running returns nil once the process has said that it runs, from a place in its log on.
func (f *Fleet) running(name string, from int64) error {
	log, err := os.ReadFile(f.LogFile(name))
	if err == nil && strings.Contains(string(log[min(from, int64(len(log))):]), `"running"`) {
		return nil
	}
	return errors.New("it has not said that it runs")
}

// LogFile returns where the process name writes its log.
func (f *Fleet) LogFile(name string) string { return filepath.Join(f.opts.Dir, name+".log") }

// Names returns the processes that were started and not killed, sorted.
func (f *Fleet) Names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := make([]string, 0, len(f.processes))
	for name := range f.processes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Ended returns the processes that have ended although nobody asked them to, sorted.
func (f *Fleet) Ended() []string {
	return slices.DeleteFunc(f.Names(), func(name string) bool { p := f.process(name); return p == nil || !p.Ended() })
}

// process returns the process name, nil when it was not started or was killed.
func (f *Fleet) process(name string) *localserver.Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.processes[name]
}

// Signal sends sig to the process name: SIGSTOP stops it in its tracks, SIGCONT lets it go on.
func (f *Fleet) Signal(name string, sig syscall.Signal) {
	if p := f.process(name); p != nil {
		p.Signal(sig)
	}
}

// PID returns the number of the process name, 0 when it was not started or was killed.
func (f *Fleet) PID(name string) int {
	if p := f.process(name); p != nil {
		return p.PID()
	}
	return 0
}

// Kill ends the process name as kill -9 does.
func (f *Fleet) Kill(name string) {
	if p := f.process(name); p != nil {
		p.Kill()
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.processes, name)
	}
}

// cliTimeout bounds one command.
const cliTimeout = 2 * time.Minute

// Run runs one holdfast command with the fleet's configuration and returns its output and
// exit code.
func (f *Fleet) Run(args ...string) (stdout string, code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), cliTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, f.opts.Binary, append(args, "--config", f.Config)...)
	cmd.Env = append(cmd.Environ(), f.Env()...)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out) + string(exit.Stderr), exit.ExitCode(), nil
	}
	return string(out), 0, err
}

// Stop stops everything, processes first.
func (f *Fleet) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.processes {
		p.Stop(syscall.SIGTERM)
	}
	clear(f.processes)
	if f.Moto != nil {
		f.Moto.Kill()
	}
	if f.Postgres != nil {
		f.Postgres.Remove()
	}
	switch {
	case f.RedisSet != nil:
		f.RedisSet.Stop()
	case f.Redis != nil:
		f.Redis.Kill()
	}
}
