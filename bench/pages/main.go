// Command pages measures how fast pages answer over a catalog with a million jobs, on
// SQLite and PostgreSQL. docs/performance.md explains the figures.
//
//	go run ./bench/pages --output text
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
)

// settings are what the command line says.
type settings struct {
	output    string
	jobs      int
	resources int
	requests  int    // of each page
	catalog   string // DSN of a catalog to keep; "" for new ones
	only      string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var s settings
	flags := flag.NewFlagSet("pages", flag.ContinueOnError)
	flags.StringVar(&s.output, "output", "text", "text or json")
	flags.IntVar(&s.jobs, "jobs", 1_000_000, "jobs in the catalog; a third as many recovery points, as many events")
	flags.IntVar(&s.resources, "resources", 100_000, "resources in the inventory")
	flags.IntVar(&s.requests, "requests", 60, "requests of each page")
	flags.StringVar(&s.only, "only", "", "sqlite or postgres (default: both)")
	flags.StringVar(&s.catalog, "catalog", "", "measure this catalog, sqlite:FILE or postgres://..., which is filled when it is new and stays")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var results []result
	for _, database := range []struct {
		name string
		with func(context.Context, settings, func(dsn string) error) error
	}{{"sqlite", withSQLite}, {"postgres", withPostgres}} {
		if s.only != "" && s.only != database.name || s.catalog != "" && !strings.HasPrefix(s.catalog, database.name) {
			continue
		}
		err := database.with(ctx, s, func(dsn string) error {
			fmt.Fprintf(os.Stderr, "%s: filling\n", database.name)
			took, err := fill(ctx, dsn, s)
			if err != nil {
				return fmt.Errorf("fill %s: %w", database.name, err)
			}
			fmt.Fprintf(os.Stderr, "%s: filled in %.0f s; measuring\n", database.name, took.Seconds())
			measured, err := measure(ctx, database.name, dsn, s)
			results = append(results, measured...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return report(os.Stdout, s, results)
}

// aim is what a page may take at the 95th percentile, in milliseconds.
const aim = 300

// result is one page on one database.
type result struct {
	Database string  `json:"database"`
	Page     string  `json:"page"`
	FirstMS  float64 `json:"first_ms"` // the first request, with nothing kept
	P50MS    float64 `json:"p50_ms"`
	P95MS    float64 `json:"p95_ms"`
	Met      bool    `json:"met"`
	Slowest  string  `json:"slowest"` // the address that took longest
}

func report(w io.Writer, s settings, results []result) error {
	if s.output == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"jobs": s.jobs, "resources": s.resources, "requests": s.requests, "aim_ms": aim, "pages": results})
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DATABASE\tPAGE\tFIRST\tP50\tP95\tAIM 300 MS\tSLOWEST")
	for _, r := range results {
		met := "met"
		if !r.Met {
			met = "MISSED"
		}
		fmt.Fprintf(table, "%s\t%s\t%.0f ms\t%.1f ms\t%.1f ms\t%s\t%s\n", r.Database, r.Page, r.FirstMS, r.P50MS, r.P95MS, met, r.Slowest)
	}
	return table.Flush()
}
