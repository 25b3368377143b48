// Command pipeline measures what Holdfast adds to its queue and its database: plain asynq
// and River beside admission, planning and the whole path of a backup, in one run on one
// machine. docs/performance.md explains the figures.
//
//	go run ./bench/pipeline --output text
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// settings are what the command line says.
type settings struct {
	output    string
	jobs      int // of each drain and of the whole path
	resources int // of the planned fire, and of the waiting room whose memory is measured
	rounds    int
	only      string
	profiles  string
}

const (
	outputText = "text"
	outputJSON = "json"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("pipeline", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.output, "output", outputText, "text or json")
	flags.IntVar(&s.jobs, "jobs", 20_000, "jobs of each drain and of the whole path")
	flags.IntVar(&s.resources, "resources", 100_000, "resources of the planned fire, and jobs in the waiting room")
	flags.IntVar(&s.rounds, "rounds", 1, "run everything this often and report medians")
	flags.StringVar(&s.only, "only", "", "measure these only, separated by commas: "+strings.Join(names(), ", "))
	flags.StringVar(&s.profiles, "profiles", "", "write one CPU profile per measurement into this directory")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case s.output != outputText && s.output != outputJSON:
		return s, fmt.Errorf("--output %q: use text or json", s.output)
	case s.jobs < 1 || s.resources < 1 || s.rounds < 1:
		return s, errors.New("--jobs, --resources and --rounds must be at least 1")
	}
	return s, nil
}

// run measures and prints. Progress goes to stderr, the document to stdout.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(s.only)
	if err != nil {
		return err
	}
	l, err := newLab(s)
	if err != nil {
		return err
	}
	defer l.close()
	rounds := make([]results, 0, s.rounds)
	for round := range s.rounds {
		fmt.Fprintf(stderr, "round %d of %d\n", round+1, s.rounds)
		r, err := l.round(ctx, chosen, stderr)
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
	}
	doc := document{
		Machine: machine{CPUs: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()},
		Jobs:    s.jobs, Resources: s.resources, Rounds: s.rounds, Results: medians(rounds),
	}
	if s.output == outputJSON {
		return doc.writeJSON(stdout)
	}
	return doc.writeText(stdout)
}
