package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/internal/fleet"
)

// lookEvery is how often the catalog is counted; a line is printed when something changed.
const lookEvery = 2 * time.Second

// watch prints what the jobs of a fleet do.
type watch struct {
	store    catalog.Store
	fleet    *fleet.Fleet
	clock    clock.Clock
	out      io.Writer
	once     bool
	patience time.Duration
}

// run watches until ctx ends or, with once, every job has ended.
func (w *watch) run(ctx context.Context) error {
	shown, began := "", w.clock.Now()
	for {
		s, err := w.count(ctx)
		if err != nil {
			return err
		}
		if line := s.String(); line != shown {
			fmt.Fprintf(w.out, "%s  %s\n", w.clock.Now().Format(time.TimeOnly), line)
			shown = line
		}
		switch {
		case w.once && s.over():
			return s.verdict()
		case w.once && w.clock.Now().Sub(began) > w.patience:
			return fmt.Errorf("after %s not every job has ended: %s", w.patience, s)
		}
		if err := w.clock.Sleep(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// status is what there is to say about an installation.
type status struct {
	rules int // that have fired
	jobs  map[driver.Operation]map[catalog.State]int
	ended []string // processes that ended although nobody asked them to
}

func (w *watch) count(ctx context.Context) (status, error) {
	fires, err := w.store.Fires(ctx, "", "", 100)
	if err != nil {
		return status{}, fmt.Errorf("list fires: %w", err)
	}
	jobs, err := w.store.CountJobs(ctx, catalog.JobFilter{})
	if err != nil {
		return status{}, fmt.Errorf("count jobs: %w", err)
	}
	return status{rules: len(fires), jobs: jobs, ended: w.fleet.Ended()}, nil
}

// String is one line: each type of job with how many are in which state.
func (s status) String() string {
	var parts []string
	for _, op := range []driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire, driver.Archive} {
		var counts []string
		for _, state := range catalog.States() {
			if n := s.jobs[op][state]; n > 0 {
				counts = append(counts, fmt.Sprintf("%s %d", state, n))
			}
		}
		if len(counts) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", op, strings.Join(counts, ", ")))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no jobs yet: waiting for the policy to fire"}
	}
	if len(s.ended) > 0 {
		parts = append(parts, "ENDED: "+strings.Join(s.ended, ", "))
	}
	return strings.Join(parts, "; ")
}

// plannedRules is how many rules the example policy has.
const plannedRules = 2

// over reports whether every rule has fired and every job has ended. Copies are inserted
// by the transaction that ends their backup, so there is no moment in between.
func (s status) over() bool {
	jobs := 0
	for _, states := range s.jobs {
		for state, n := range states {
			jobs += n
			if n > 0 && !state.Terminal() {
				return false
			}
		}
	}
	return s.rules >= plannedRules && jobs > 0
}

// verdict returns an error unless every job completed and every process still runs.
func (s status) verdict() error {
	for _, states := range s.jobs {
		for state, n := range states {
			if n > 0 && state != catalog.Completed {
				return fmt.Errorf("not every job completed: %s", s)
			}
		}
	}
	if len(s.ended) > 0 {
		slices.Sort(s.ended)
		return fmt.Errorf("processes ended by themselves: %s", strings.Join(s.ended, ", "))
	}
	return nil
}
