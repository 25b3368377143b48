package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/catalog/sqlstore"
	drivers "holdfast/driver/all"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/web/dashboard"
	"holdfast/web/frame"
)

// plan is one of ten plans; together they take nearly every resource.
const plan = `  - name: plan-%d
    rules:
      - {name: nightly, target_backup_vault_name: default, schedule_expression: "cron(0 1 * * ? *)", lifecycle: {delete_after_days: 35}}
    selections:
      - name: teams
        list_of_tags:
          - {condition_type: STRINGEQUALS, condition_key: team, condition_value: team-%d}
          - {condition_type: STRINGEQUALS, condition_key: team, condition_value: team-%d}
          - {condition_type: STRINGEQUALS, condition_key: team, condition_value: team-%d}
          - {condition_type: STRINGEQUALS, condition_key: team, condition_value: team-%d}
`

func policies() (dashboard.Policies, error) {
	var text strings.Builder
	text.WriteString("plans:\n")
	for i := range 10 {
		fmt.Fprintf(&text, plan, i, i, i+10, i+20, i+30)
	}
	set, result := policy.Compile([]policy.File{{Name: "policy.yaml", Data: []byte(text.String())}}, []policy.Capabilities{
		policy.Native(resource.EBS, "arn:*:ec2:*:*:volume/*", policy.Abilities{CopyRegion: true, CopyAccount: true}),
	})
	if len(result.Problems) > 0 {
		return dashboard.Policies{}, fmt.Errorf("policies: %v", result.Problems)
	}
	return dashboard.Policies{Set: set}, nil
}

// pages are what is asked for, with a few different addresses each.
func pages(s settings) map[string][]string {
	id := func(i int) string { return fmt.Sprintf("jobjobjob%d", 10_000_000_000_000_000+i) }
	arn := func(r int) string {
		return url.QueryEscape(fmt.Sprintf("arn:aws:ec2:eu-west-1:%d:volume/vol-%d", 100_000_000_000+r%accounts, 10_000_000+r))
	}
	n := s.jobs
	return map[string][]string{
		"now":               {"/"},
		"jobs":              {"/jobs", "/jobs?after=" + id(n/2)},
		"jobs by state":     {"/jobs?state=FAILED", "/jobs?state=CREATED", "/jobs?state=EXPIRED&class=window", "/jobs?state=FAILED&state=EXPIRED", "/jobs?state=FAILED&q=nothing", "/jobs?state=COMPLETED", "/jobs?state=CREATED&kind=rds"},
		"jobs by account":   {"/jobs?account=100000000007", "/jobs?account=100000000123&state=COMPLETED", "/jobs?account=100000000123&state=FAILED&state=PARTIAL", "/jobs?plan=plan-3&class=kms", "/jobs?plan=plan-3&q=nothing"},
		"jobs, rare filter": {"/jobs?class=kms", "/jobs?region=us-east-1", "/jobs?by=alice&kind=rds"},
		"jobs, full text":   {"/jobs?q=volume-4711", "/jobs?q=vol-10004711", "/jobs?q=unauthorized", "/jobs?q=volume", "/jobs?q=nothing+of+the+kind"},
		"one job":           {"/jobs/" + id(n/2), "/jobs/" + id(n-100*50), "/jobs/" + id(n-3)},
		"resources":         {"/resources", "/resources?status=met", "/resources?q=volume-4711", "/resources?rule=plan-3/nightly&account=100000000007"},
		"one resource":      {"/resources?arn=" + arn(4711), "/resources?arn=" + arn(20)},
		"points":            {"/points", "/points?state=AVAILABLE", "/points?account=100000000007", "/points?vault=none", "/points?held=1", "/points?q=volume-4711"},
		"one point":         {"/points/" + id(n/2+1), "/points/" + id(n/2+5)},
		"restore":           {"/restore", "/restore?q=volume-4711", "/restore?resource=" + arn(4711)},
		"policies":          {"/policies"},
		"accounts":          {"/accounts", "/accounts/100000000007"},
		"audit":             {"/audit", "/audit?type=hold", "/audit?actor=alice&q=unauthorized", "/audit?job=" + id(n/2)},
	}
}

// measure asks for every page.
func measure(ctx context.Context, database, dsn string, s settings) ([]result, error) {
	store, err := sqlstore.Open(ctx, dsn, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	inForce, err := policies()
	if err != nil {
		return nil, err
	}
	wall := clock.System()
	frozen := clock.NewManual(now)
	board := dashboard.New(dashboard.Options{
		Catalog: store, Drivers: drivers.New(awssession.Refuse("a benchmark")),
		Policies: func(context.Context) (dashboard.Policies, error) { return inForce, nil },
		Accounts: names(), LeaseName: "leader", Clock: frozen, Log: zerolog.Nop(),
		Frame: frame.New(frame.Options{Installation: "bench", Pages: true, Clock: frozen, Log: zerolog.Nop()}),
	})
	defer board.Close()
	mux := http.NewServeMux()
	board.Register(mux)
	judged, err := settle(ctx, wall, mux)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: all resources judged after %.1f s\n", database, judged.Seconds())
	return rounds(ctx, wall, mux, database, s)
}

// rest is what passes between two rounds, so that figures grow old and are read again
// while pages are asked for.
const rest = 200 * time.Millisecond

// rounds asks for every page in turn, many times.
func rounds(ctx context.Context, wall clock.Clock, mux http.Handler, database string, s settings) ([]result, error) {
	all := pages(s)
	names := sorted(all)
	results, times := make([]result, len(names)), make([][]time.Duration, len(names))
	longest := make([]time.Duration, len(names))
	for round := range s.requests + 1 {
		for i, name := range names {
			address := all[name][round%len(all[name])]
			took, err := ask(ctx, wall, mux, address)
			if err != nil {
				return nil, err
			}
			if round == 0 {
				results[i] = result{Database: database, Page: name, FirstMS: ms(took)}
				continue
			}
			times[i] = append(times[i], took)
			if took > longest[i] {
				longest[i], results[i].Slowest = took, address
			}
		}
		if err := wall.Sleep(ctx, rest); err != nil {
			return nil, err
		}
	}
	for i := range results {
		r := &results[i]
		slices.Sort(times[i])
		r.P50MS, r.P95MS = ms(times[i][len(times[i])/2]), ms(times[i][len(times[i])*95/100])
		r.Met = r.P95MS <= aim
	}
	return results, nil
}

// names are the accounts of the catalog.
func names() (list []string) {
	for i := range accounts {
		list = append(list, strconv.Itoa(100_000_000_000+i))
	}
	return list
}

// settle waits until all resources have been judged once, which pages do not wait for, and
// returns how long that took.
func settle(ctx context.Context, wall clock.Clock, handler http.Handler) (time.Duration, error) {
	for began := wall.Now(); ; {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/resources", http.NoBody)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "being listed and judged") {
			return wall.Now().Sub(began), nil
		}
		if err := wall.Sleep(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func sorted(pages map[string][]string) (names []string) {
	for name := range pages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ask returns how long a page took.
func ask(ctx context.Context, wall clock.Clock, handler http.Handler, path string) (time.Duration, error) {
	viewer := frame.Viewer{Actor: access.Actor{Name: "bench", Role: access.Admin}}
	r := httptest.NewRequestWithContext(frame.WithViewer(ctx, viewer), http.MethodGet, path, http.NoBody)
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	began := wall.Now()
	handler.ServeHTTP(w, r)
	took := wall.Now().Sub(began)
	if w.Code != http.StatusOK {
		return 0, fmt.Errorf("%s answers %d: %.2000s", path, w.Code, w.Body.String())
	}
	return took, nil
}
