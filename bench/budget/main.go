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
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// settings are what the command line says.
type settings struct {
	output    string
	calls     int
	callers   int   // of each process
	processes []int // of each run
}

const (
	outputText = "text"
	outputJSON = "json"
	// child is the first argument of a process this program started.
	child = "contend"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "budget:", err)
		os.Exit(1)
	}
}

// run does what the arguments say: measure, or be one of the measured processes.
func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == child {
		return contend(ctx, args[1:], os.Stdin, os.Stdout)
	}
	s, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	doc, err := measure(ctx, s, os.Stderr)
	if err != nil {
		return err
	}
	if s.output == outputJSON {
		return doc.writeJSON(os.Stdout)
	}
	return doc.writeText(os.Stdout)
}

// parse reads the command line.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	var processes string
	flags := flag.NewFlagSet("budget", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.output, "output", outputText, "text or json")
	flags.IntVar(&s.calls, "calls", 5000, "calls each contender makes in each run")
	flags.IntVar(&s.callers, "callers", 32, "calls each process has in hand at once")
	flags.StringVar(&processes, "processes", "1,4,16", "runs without a stranger, by how many processes share the calls; the run with one has as many as the last")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.output != outputText && s.output != outputJSON {
		return s, fmt.Errorf("--output %q: use text or json", s.output)
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
