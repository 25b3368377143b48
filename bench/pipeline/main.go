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
	"runtime"
	"strings"

	"holdfast/bench/command"
)

// settings are what the command line says.
type settings struct {
	output    *command.Format
	jobs      int // of each drain and of the whole path
	resources int // of the planned fire, and of the waiting room whose memory is measured
	rounds    int
	only      string
	profiles  string
}

func main() { command.Main("pipeline", run) }

// parse reads the command line.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("pipeline", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s.output = command.OutputFlag(flags)
	flags.IntVar(&s.jobs, "jobs", 20_000, "jobs of each drain and of the whole path")
	flags.IntVar(&s.resources, "resources", 100_000, "resources of the planned fire, and jobs in the waiting room")
	flags.IntVar(&s.rounds, "rounds", 1, "run everything this often and report medians")
	flags.StringVar(&s.only, "only", "", "measure these only, separated by commas: "+strings.Join(names(), ", "))
	flags.StringVar(&s.profiles, "profiles", "", "write one CPU profile per measurement into this directory")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
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
	l, err := newRig(s)
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
	return s.output.Print(stdout, doc, doc.writeText)
}
