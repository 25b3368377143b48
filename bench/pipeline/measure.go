package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// limit ends a measurement that hangs.
const limit = 5 * time.Minute

// measurement is one section of the results. It sees the sections before it, so that it
// can put itself in relation to them.
type measurement struct {
	name string
	run  func(context.Context, *rig, results) (section, error)
}

// measurements returns all of them in the order they run, first those that Holdfast is
// compared with.
func measurements() []measurement {
	return []measurement{
		{sectionPlain, plainAsynq},
		{sectionRiver, plainRiver},
		{sectionBare, bareSQL},
		{"admission", admissionPath},
		{"whole_path_sqlite", wholePathSQLite},
		{"whole_path_postgres", wholePathPostgres},
		{"planning_sqlite", planningSQLite},
		{"planning_postgres", planningPostgres},
		{"waiting_room", waitingRoom},
		{"aws_calls", awsCalls},
	}
}

// The sections other sections are compared with.
const (
	sectionPlain = "plain_asynq"
	sectionRiver = "river"
	sectionBare  = "bare_sql"
)

func names() []string {
	var all []string
	for _, m := range measurements() {
		all = append(all, m.name)
	}
	return all
}

// choose returns the measurements named in only, all when it is empty.
func choose(only string) ([]measurement, error) {
	if only == "" {
		return measurements(), nil
	}
	var chosen []measurement
	wanted := strings.Split(only, ",")
	for _, m := range measurements() {
		if slices.Contains(wanted, m.name) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) != len(wanted) {
		return nil, fmt.Errorf("--only %q: the measurements are %s", only, strings.Join(names(), ", "))
	}
	return chosen, nil
}

// round measures everything once.
func (l *rig) round(ctx context.Context, chosen []measurement, progress io.Writer) (results, error) {
	r := results{}
	for _, m := range chosen {
		if err := l.redis.Empty(ctx); err != nil {
			return nil, fmt.Errorf("empty redis: %w", err)
		}
		began := l.clock.Now()
		s, err := l.measure(ctx, m, r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		r[m.name] = s
		fmt.Fprintf(progress, "  %-20s %5.1f s\n", m.name, l.clock.Now().Sub(began).Seconds())
	}
	return r, nil
}

// measure runs one measurement, under the profiler when asked to.
func (l *rig) measure(ctx context.Context, m measurement, before results) (section, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	runtime.GC() // what the one before left is not this one's cost
	if l.settings.profiles == "" {
		return m.run(ctx, l, before)
	}
	f, err := os.Create(filepath.Join(l.settings.profiles, m.name+".pprof"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return m.run(ctx, l, before)
}
