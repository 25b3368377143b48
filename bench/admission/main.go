// Command admission measures how well slots are handed out: plain asynq without caps,
// asynq with the semaphore of its extras, and Holdfast, each with the same jobs on the
// same machine in one run. docs/performance.md explains the figures.
//
//	go run ./bench/admission --load flood --output json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"holdfast/bench/command"
)

// settings are what the command line says.
type settings struct {
	output     *command.Format
	load       string
	contenders string
	sizes
}

func main() { command.Main("admission", run) }

// parse reads the command line.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("admission", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s.output = command.OutputFlag(flags)
	flags.StringVar(&s.load, "load", "", "run these only, separated by commas: "+loadNames())
	flags.StringVar(&s.contenders, "contenders", strings.Join(contenderNames(), ","), "run these only, separated by commas")
	flags.IntVar(&s.waves, "waves", 12, "how often the accounts with most jobs could fill their slots")
	flags.IntVar(&s.short, "short-jobs", 10_000, "jobs of the load short")
	flags.IntVar(&s.million, "waiting", 1_000_000, "jobs that wait in the load million")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case slices.ContainsFunc(strings.Split(s.contenders, ","), func(name string) bool { return !slices.Contains(contenderNames(), name) }):
		return s, fmt.Errorf("--contenders %q: the contenders are %s", s.contenders, strings.Join(contenderNames(), ", "))
	case s.waves < 2 || s.short < 20 || s.million < 1:
		return s, errors.New("--waves must be at least 2, --short-jobs at least 20, --waiting at least 1")
	}
	return s, nil
}

// choose returns the loads named in only, all when it is empty.
func choose(s settings) ([]load, error) {
	if s.load == "" {
		return loads(s.sizes), nil
	}
	var chosen []load
	wanted := strings.Split(s.load, ",")
	for _, l := range loads(s.sizes) {
		if slices.Contains(wanted, l.name) {
			chosen = append(chosen, l)
		}
	}
	if len(chosen) != len(wanted) {
		return nil, fmt.Errorf("--load %q: the loads are %s", s.load, loadNames())
	}
	return chosen, nil
}

// run measures and prints. Progress goes to stderr, the document to stdout.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(s)
	if err != nil {
		return err
	}
	g, err := newGround()
	if err != nil {
		return err
	}
	defer g.close()
	var doc document
	for _, l := range chosen {
		r, err := g.compare(ctx, l, strings.Split(s.contenders, ","), stderr)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		doc.Loads = append(doc.Loads, r)
	}
	return s.output.Print(stdout, doc, doc.writeText)
}

// The contenders.
const (
	nameAsynq     = "asynq"
	nameSemaphore = "semaphore"
	nameHoldfast  = "holdfast"
)

func contenderNames() []string { return []string{nameAsynq, nameSemaphore, nameHoldfast} }

// contender returns a fresh one.
func (g *ground) contender(name string, l load) contender {
	switch {
	case name == nameAsynq:
		return plainAsynq{g}
	case name == nameSemaphore:
		return semaphore{g}
	case l.throughAWS:
		return &whole{g: g}
	default:
		return newHoldfast(g)
	}
}

// compare runs a load, and what is left of it without its crowd, with the contenders.
func (g *ground) compare(ctx context.Context, l load, names []string, progress io.Writer) (result, error) {
	r := result{Name: l.name, OpSeconds: l.meanOperation().Seconds(), Contenders: map[string]outcome{}}
	for _, name := range names {
		runtime.GC() // what the one before left is not this one's cost
		began := g.clock.Now()
		alone, err := g.run(ctx, g.contender(name, l), l.without())
		if err != nil {
			return r, fmt.Errorf("%s without the crowd: %w", name, err)
		}
		runtime.GC()
		o, err := g.run(ctx, g.contender(name, l), l)
		if err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
		o.P99WaitRatio = o.P99WaitSeconds / alone.P99WaitSeconds
		r.Contenders[name] = o
		fmt.Fprintf(progress, "  %-8s %-10s %5.1f s\n", l.name, name, g.clock.Now().Sub(began).Seconds())
	}
	return r, nil
}
