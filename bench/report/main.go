// Command report measures how long a report on a night of jobs takes: it fills a catalog
// with a night of an organization, a million jobs unless told otherwise, and makes the
// job report grouped in every way. docs/performance.md has the figures.
//
//	go run ./bench/report --output text
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"text/tabwriter"
	"time"

	"holdfast/bench/command"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/internal/localserver"
	"holdfast/report"
)

// settings are what the command line says.
type settings struct {
	output       *command.Format
	database     string
	dsn          string // of a catalog that is kept
	jobs, rounds int
}

const (
	onPostgres = "postgres"
	onSQLite   = "sqlite"
)

// aimSeconds is what a night of a million jobs may take on PostgreSQL.
const aimSeconds = 10

func main() { command.Main("report", run) }

// parse reads the command line.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s.output = command.OutputFlag(flags)
	flags.StringVar(&s.database, "database", onPostgres, "postgres or sqlite")
	flags.StringVar(&s.dsn, "dsn", "", "a catalog to use and keep instead of one of its own; one with jobs is not filled again")
	flags.IntVar(&s.jobs, "jobs", 1_000_000, "jobs of the night")
	flags.IntVar(&s.rounds, "rounds", 1, "make every report this often; the slowest counts")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case s.database != onPostgres && s.database != onSQLite:
		return s, fmt.Errorf("--database %q: use postgres or sqlite", s.database)
	case s.jobs < 1 || s.rounds < 1:
		return s, errors.New("--jobs and --rounds must be at least 1")
	}
	return s, nil
}

// run fills a catalog, measures and prints. Progress goes to stderr, the result to stdout.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	store, closeAll, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer closeAll()
	if err := fillOnce(ctx, store, s.jobs, stderr); err != nil {
		return err
	}
	doc := document{CPUs: runtime.NumCPU(), Go: runtime.Version(), Database: s.database, Jobs: s.jobs, AimSeconds: aimSeconds}
	for _, by := range []string{"account", "plan", "unit", "tag=team"} {
		seconds, err := slowest(ctx, store, by, s.rounds)
		if err != nil {
			return err
		}
		doc.Reports = append(doc.Reports, figure{By: by, Seconds: seconds, Met: seconds < aimSeconds})
	}
	return s.output.Print(stdout, doc, doc.writeText)
}

// fillOnce fills the catalog unless there are jobs in it.
func fillOnce(ctx context.Context, store *sqlstore.Store, jobs int, stderr io.Writer) error {
	found, err := store.ListJobs(ctx, catalog.JobFilter{Limit: 1})
	if err != nil || len(found) > 0 {
		return err
	}
	began := clock.System().Now()
	if err := fill(ctx, store, jobs, stderr); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "filled in %s\n", clock.System().Now().Sub(began).Round(time.Second))
	return nil
}

// open opens the catalog that was named, or an empty one.
func open(ctx context.Context, s settings) (store *sqlstore.Store, closeAll func(), err error) {
	if s.dsn != "" {
		store, err = sqlstore.Open(ctx, s.dsn, sqlstore.Options{})
		return store, func() { _ = store.Close() }, err
	}
	dir, err := os.MkdirTemp("", "holdfast-bench")
	if err != nil {
		return nil, nil, fmt.Errorf("make a directory: %w", err)
	}
	remove := func() { _ = os.RemoveAll(dir) }
	dsn := "sqlite:" + dir + "/catalog.db"
	if s.database == onPostgres {
		server, err := localserver.StartPostgres(false)
		if err != nil {
			return nil, nil, err
		}
		remove = func() { server.Remove(); _ = os.RemoveAll(dir) }
		if dsn, err = server.CreateDatabase("bench"); err != nil {
			remove()
			return nil, nil, err
		}
	}
	store, err = sqlstore.Open(ctx, dsn, sqlstore.Options{})
	if err != nil {
		remove()
		return nil, nil, err
	}
	return store, func() { _ = store.Close(); remove() }, nil
}

// slowest makes the report rounds times and returns the seconds of the slowest.
func slowest(ctx context.Context, store catalog.Store, by string, rounds int) (seconds float64, err error) {
	grouping, err := report.ParseGrouping(by, units())
	if err != nil {
		return 0, err
	}
	source := report.Source{Store: store, Installation: "bench", Now: night.Add(nightLong)}
	for range rounds {
		began := clock.System().Now()
		made, err := report.Make(ctx, source, report.Request{Kind: report.BackupJobs, From: night, To: night.Add(nightLong), By: by, Grouping: grouping})
		if err != nil {
			return 0, err
		}
		if len(made.Tables[0].Rows) == 0 {
			return 0, errors.New("the report is empty")
		}
		seconds = max(seconds, clock.System().Now().Sub(began).Seconds())
	}
	return seconds, nil
}

// document is everything one run found.
type document struct {
	CPUs       int      `json:"cpus"`
	Go         string   `json:"go"`
	Database   string   `json:"database"`
	Jobs       int      `json:"jobs"`
	AimSeconds float64  `json:"aim_seconds"`
	Reports    []figure `json:"reports"`
}

type figure struct {
	By      string  `json:"by"`
	Seconds float64 `json:"seconds"`
	Met     bool    `json:"met"`
}

func (d document) writeText(w io.Writer) error {
	fmt.Fprintf(w, "report on a night of %d backups, %s, %d CPUs, %s\n\n", d.Jobs, d.Database, d.CPUs, d.Go)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "grouped by\tseconds\taim")
	for _, f := range d.Reports {
		verdict := map[bool]string{true: "met", false: "MISSED"}[f.Met]
		fmt.Fprintf(tw, "%s\t%.2f\t< %g %s\n", f.By, f.Seconds, d.AimSeconds, verdict)
	}
	return tw.Flush()
}
