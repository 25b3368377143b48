// Command scrape measures how long a scrape of the metrics takes with a thousand accounts,
// each with jobs that wait and a slot that is held: what admission, queues and catalog are
// asked, nothing kept from the scrape before. Redis and the catalog are the embedded ones.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/internal/clock"
	"holdfast/internal/metrics"
	"holdfast/resource"
	"holdfast/sim"
)

const region = "eu-west-1"

func main() {
	accounts := flag.Int("accounts", 1000, "accounts")
	scrapes := flag.Int("scrapes", 20, "scrapes")
	flag.Parse()
	if err := run(context.Background(), *accounts, *scrapes, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "scrape:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, accounts, scrapes int, out io.Writer) error {
	dir, err := os.MkdirTemp("", "scrape-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	a, err := installation(ctx, dir, accounts)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	if err := submit(ctx, a, accounts); err != nil {
		return err
	}
	took, size := make([]time.Duration, scrapes), 0
	for i := range took {
		registry := metrics.NewRegistry()
		registry.MustRegister(a.Collector()) // a new one keeps no answers
		answer := httptest.NewRecorder()
		began := clock.System().Now()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		took[i], size = clock.System().Now().Sub(began), answer.Body.Len()
	}
	slices.Sort(took)
	_, err = fmt.Fprintf(out, "%d accounts, %d scrapes of %d KiB: median %s, slowest %s\n",
		accounts, scrapes, size>>10, took[len(took)/2].Round(time.Millisecond/10), took[len(took)-1].Round(time.Millisecond/10))
	return err
}

// installation wires a process with that many accounts.
func installation(ctx context.Context, dir string, accounts int) (*app.App, error) {
	cfg := config.Default()
	cfg.Installation = "scrape"
	cfg.Catalog.DSN = config.DSN("sqlite:" + filepath.Join(dir, "catalog.db"))
	cfg.AWS.Regions = []string{region}
	for n := range accounts {
		cfg.AWS.Accounts.IDs = append(cfg.AWS.Accounts.IDs, accountOf(n))
	}
	org, err := sim.New(sim.Options{Accounts: cfg.AWS.Accounts.IDs, Regions: cfg.AWS.Regions})
	if err != nil {
		return nil, err
	}
	return app.New(ctx, app.Options{Config: cfg, Log: zerolog.Nop(), Sessions: org.Provider()})
}

func accountOf(n int) string { return fmt.Sprintf("%012d", 100_000_000_000+n) }

// submit gives every account two jobs and has a scheduler without workers submit them.
func submit(ctx context.Context, a *app.App, accounts int) error {
	now := clock.System().Now()
	var jobs []catalog.Job
	for n := range 2 * accounts {
		account := accountOf(n / 2)
		arn := fmt.Sprintf("arn:aws:ec2:%s:%s:volume/vol-%d", region, account, n)
		r := resource.Resource{ARN: arn, Kind: resource.Kinds()[1], Account: account, Region: region}
		job := catalog.NewBackup(catalog.JobID(arn), r, "aws", "bench", now)
		job.StartBy = now.Add(time.Hour)
		jobs = append(jobs, job)
	}
	if _, err := a.Store.InsertJobs(ctx, jobs); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	leading := make(chan error, 1)
	go func() { leading <- a.RunScheduler(ctx, nil) }()
	for {
		usage, err := a.Controller.Usage(ctx, 100_000)
		if err == nil && len(usage) >= accounts {
			stop()
			return <-leading
		}
		if err := clock.System().Sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d keys of %d accounts are there: %w", len(usage), accounts, err)
		}
	}
}
