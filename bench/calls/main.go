// Command calls counts the AWS calls that drivers make, on the simulated organization: to
// discover resources, and to start backups and look at them until all have ended, beside the
// fewest there can be. Counts do not depend on the machine. docs/performance.md has them.
//
//	go run ./bench/calls --output text
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"holdfast/bench/command"
)

const (
	maxCount = 100_000
)

// settings are what the command line says.
type settings struct {
	output          *command.Format
	resources, jobs int
}

func main() { command.Main("calls", run) }

// parse reads the command line.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("calls", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s.output = command.OutputFlag(flags)
	flags.IntVar(&s.resources, "resources", 1000, "resources to discover, of each kind")
	flags.IntVar(&s.jobs, "jobs", 500, "backups in flight at once, of each kind and engine")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case s.jobs < 1 || s.resources < s.jobs || s.resources > maxCount:
		return s, fmt.Errorf("--jobs is %d and --resources %d: use 1 <= jobs <= resources <= %d", s.jobs, s.resources, maxCount)
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	all, err := measureAll(ctx, s.resources, s.jobs)
	if err != nil {
		return err
	}
	return s.output.Print(stdout, all, func(w io.Writer) error { return table(w, all) })
}

func table(w io.Writer, all []usage) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "KIND\tENGINE\tRESOURCES\tLISTING\tFEWEST\tSETTINGS\tJOBS\tSTARTS\tLOOKS\tPER BACKUP\tLEAST\tMISSED\n")
	for _, u := range all {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.2f\t%.2f\t%s\n", u.Kind, u.Engine, u.Resources, u.Listing, u.Fewest,
			u.Settings, u.Jobs, u.Starts, u.Looks, u.PerBackup, u.LeastPerBackup, strings.Join(u.Missed, "; "))
	}
	return out.Flush()
}
