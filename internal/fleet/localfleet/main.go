// Command localfleet runs a whole installation on this machine: redis-server, PostgreSQL
// and moto as AWS with a few resources in it, two schedulers, three workers and the web
// pages. It shows what the jobs do until it is told to stop, and leaves nothing behind.
// It is what `make fleet` runs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/internal/fleet"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "localfleet:", err)
		os.Exit(1)
	}
}

// errUsage is a command line that flag has complained about already.
var errUsage = errors.New("bad command line")

// options are the command line.
type options struct {
	binary, dir         string
	schedulers, workers int
	once                bool
	patience            time.Duration
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("localfleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.binary, "binary", "bin/holdfast", "the holdfast program")
	flags.StringVar(&o.dir, "dir", "", "keep configuration and logs in this directory (default: a temporary one, removed at the end)")
	flags.IntVar(&o.schedulers, "schedulers", 2, "schedulers to run")
	flags.IntVar(&o.workers, "workers", 3, "workers to run")
	flags.BoolVar(&o.once, "once", false, "stop when every job has ended, and exit with 1 unless all completed")
	flags.DurationVar(&o.patience, "patience", 10*time.Minute, "with -once: how long that may take")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return o, err
	case err != nil || flags.NArg() > 0 || o.schedulers < 1 || o.workers < 1:
		return o, errUsage
	}
	return o, nil
}

// The example organization.
var (
	accounts = []string{"111122223333", "444455556666", "777788889999"}
	regions  = []string{"eu-west-1", "eu-central-1"}
)

// run starts everything, watches it until ctx ends, and stops it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, remove, err := workDir(o.dir)
	if err != nil {
		return err
	}
	defer remove()
	fmt.Fprintln(stdout, "starting redis-server, PostgreSQL, moto and the processes of Holdfast ...")
	f, err := fleet.Start(ctx, fleet.Options{
		Binary: o.binary, Dir: dir, Policy: fleet.ExamplePolicy(regions), Examples: true,
		Accounts: accounts, Regions: regions, Schedulers: o.schedulers, Workers: o.workers, Web: true,
	})
	if ctx.Err() != nil && err != nil {
		return nil // told to stop while it started
	}
	if err != nil {
		return err
	}
	defer f.Stop()
	announce(stdout, o, dir, f)
	err = follow(ctx, o, stdout, f)
	fmt.Fprintln(stdout, "stopping everything")
	return err
}

// workDir returns the directory for configuration and logs, and what removes it.
func workDir(dir string) (string, func(), error) {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "holdfast-fleet-")
		return temporary, func() { _ = os.RemoveAll(temporary) }, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", nil, err
	}
	return dir, func() {}, os.MkdirAll(dir, 0o700)
}

// follow opens the catalog and watches it.
func follow(ctx context.Context, o options, stdout io.Writer, f *fleet.Fleet) error {
	store, err := sqlstore.Open(ctx, f.DSN, sqlstore.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	w := watch{store: store, fleet: f, clock: clock.System(), out: stdout, once: o.once, patience: o.patience}
	if err := w.run(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}
