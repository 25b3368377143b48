// Command suite runs seeds of the chaos suite and counts what came of them. `make chaos`
// runs it. It exits with 1 when a count is not 0.
//
//	go run ./test/chaos/suite -seeds 20 -output json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"holdfast/test/chaos"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

var (
	// errUsage is a command line that was complained about already.
	errUsage = errors.New("bad command line")
	errCount = errors.New("a count is not 0: run the seed again with SEEDS=1 SEED_FROM=n")
)

// settings are the command line.
type settings struct {
	chaos.Options
	seeds  int
	from   uint64
	output string
	only   string
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&s.seeds, "seeds", 1, "how many seeds to run")
	flags.Uint64Var(&s.from, "from", 1, "the first seed")
	flags.StringVar(&s.output, "output", "text", "text or json")
	flags.IntVar(&s.Jobs, "jobs", 2000, "least number of jobs of a seed")
	flags.IntVar(&s.Strikes, "strikes", 30, "faults in each night")
	flags.StringVar(&s.only, "only", "", "these faults only, separated by commas")
	flags.StringVar(&s.Binary, "binary", "", "the program of test/chaos/holdfast (default: built first)")
	flags.StringVar(&s.Dir, "dir", "", "keep the logs of every seed below this directory")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, err
		}
		return s, errUsage
	}
	if s.only != "" {
		s.Only = strings.Split(s.only, ",")
	}
	if s.output != "text" && s.output != "json" || s.seeds < 1 || s.Jobs < 1 || s.Strikes < 0 || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "chaos: -output is text or json; -seeds and -jobs are at least 1; there are no arguments")
		return s, errUsage
	}
	return s, nil
}

// run runs the seeds one after another. Progress goes to stderr, the counts to stdout.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	s.Progress, s.KeepLogs = stderr, s.Dir != ""
	dir, err := os.MkdirTemp("", "holdfast-chaos-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	if s.Dir == "" {
		s.Dir = dir
	}
	if s.Binary == "" {
		s.Binary = filepath.Join(dir, "holdfast")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", s.Binary, "./test/chaos/holdfast").CombinedOutput(); err != nil {
			return fmt.Errorf("build the program under test: %w\n%s", err, out)
		}
	}
	report := struct {
		Seeds []chaos.Counts `json:"seeds"`
	}{Seeds: []chaos.Counts{}}
	bad := false
	for n := range s.seeds {
		counts, err := chaos.Run(ctx, s.Options, s.from+uint64(n))
		if err != nil {
			return err
		}
		report.Seeds = append(report.Seeds, counts)
		bad = bad || !counts.Clean()
		fmt.Fprintln(stderr, counts)
	}
	if s.output == "json" {
		err = json.NewEncoder(stdout).Encode(report)
	} else {
		for _, c := range report.Seeds {
			fmt.Fprintln(stdout, c)
		}
	}
	if err == nil && bad {
		err = errCount
	}
	return errors.Join(err, os.RemoveAll(dir))
}
