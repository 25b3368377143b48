// Command budget measures how well callers share AWS's request rate: processes that make
// CreateSnapshot calls in one simulated account with the retries of the SDK, with its
// adaptive mode, and with Holdfast's budgets. docs/performance.md explains the figures.
//
//	go run ./bench/budget --output text
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"holdfast/bench/command"
)

// settings are what the command line says.
type settings struct {
	output    *command.Format
	calls     int
	callers   int   // of each process
	processes []int // of each run
}

const (
	// child is the first argument of a process this program started.
	child = "contend"
)

func main() { command.Main("budget", run) }

// run does what the arguments say: measure, or be one of the measured processes.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == child {
		return contend(ctx, args[1:], os.Stdin, stdout)
	}
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	doc, err := measure(ctx, s, stderr)
	if err != nil {
		return err
	}
	return s.output.Print(stdout, doc, doc.writeText)
}

// parse reads the command line.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	var processes string
	flags := flag.NewFlagSet("budget", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s.output = command.OutputFlag(flags)
	flags.IntVar(&s.calls, "calls", 5000, "calls each contender makes in each run")
	flags.IntVar(&s.callers, "callers", 32, "calls each process has in hand at once")
	flags.StringVar(&processes, "processes", "1,4,16", "runs without a stranger, by how many processes share the calls; the run with one has as many as the last")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.calls < 1 || s.callers < 1 {
		return s, errors.New("--calls and --callers must be at least 1")
	}
	for word := range strings.SplitSeq(processes, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > 64 {
			return s, fmt.Errorf("--processes %q: write numbers from 1 to 64, separated by commas", processes)
		}
		s.processes = append(s.processes, n)
	}
	return s, nil
}
