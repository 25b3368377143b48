package catalogtest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

var reportChecks = map[string]func(*testing.T, Open){
	"report-totals":    reportTotals,
	"report-durations": reportDurations,
	"report-timeline":  reportTimeline,
	"report-places":    reportPlaces,
	"report-chains":    reportChains,
	"report-rules":     reportRules,
	"report-refuses":   reportRefuses,
}

// reported is a night of jobs with every state, some classes and two types, over an hour,
// in three accounts and two plans, with durations that tie.
func reported(t *testing.T, s catalog.Store) []catalog.Job {
	t.Helper()
	states := catalog.States()
	classes := []failure.Class{failure.Denied, failure.KMS, ""}
	var jobs []catalog.Job
	for n := range 400 {
		j := backup(n)
		j.Account = fmt.Sprintf("11112222333%d", n%3)
		j.Plan = []string{"Daily", "Weekly", ""}[n/3%3]
		j.CreatedAt = epoch0.Add(time.Duration(n) * 9 * time.Second)
		j.State = states[n*7%len(states)]
		if n%11 == 0 {
			j.Type = driver.Restore
		}
		if j.State.Terminal() {
			j.StartedAt = j.CreatedAt.Add(time.Minute)
			j.EndedAt = j.StartedAt.Add(time.Duration(n%17) * time.Second)
			if j.State != catalog.Completed {
				j.Class = classes[n%len(classes)]
			}
		}
		jobs = append(jobs, j)
	}
	// Only what is new may be inserted; jobs that run are moved there.
	fresh := slices.Clone(jobs)
	for i := range fresh {
		if !fresh[i].State.Terminal() {
			fresh[i].State = catalog.Created
		}
	}
	insert(t, s, fresh...)
	for _, j := range jobs {
		if !j.State.Terminal() && j.State != catalog.Created {
			change(t, s, j.ID, catalog.Running, started)
			if j.State == catalog.Aborting {
				change(t, s, j.ID, catalog.Aborting, nil)
			}
		}
	}
	return jobs
}

// groupings are the ways to group, each with what it says of a job.
func groupings(t *testing.T, s catalog.Store) map[string]func(catalog.Job) string {
	t.Helper()
	l := listing(volumes, 0, true)
	for n := range 200 {
		r := listing(volumes, 0, true, n).Resources[0]
		r.ARN = backup(n).ResourceARN
		r.Tags = map[string]string{`te"am.$x`: fmt.Sprint("t", n%2), "other": "o"}
		l.Resources = append(l.Resources, r)
	}
	store(t, s, l)
	tags := map[string]string{}
	for n := range 200 {
		tags[backup(n).ResourceARN] = fmt.Sprint("t", n%2)
	}
	return map[string]func(catalog.Job) string{
		"":        func(catalog.Job) string { return "" },
		"account": func(j catalog.Job) string { return j.Account },
		"plan":    func(j catalog.Job) string { return j.Plan },
		"unit":    func(j catalog.Job) string { return reportUnits[j.Account] },
		"tag":     func(j catalog.Job) string { return tags[j.ResourceARN] },
	}
}

var reportUnits = map[string]string{"111122223330": "production/web", "111122223331": "dev"}

// reportQuery leaves out the first and the last jobs.
func reportQuery(by string) catalog.JobQuery {
	return catalog.JobQuery{
		Type: driver.Backup, From: epoch0.Add(10 * time.Minute), To: epoch0.Add(50 * time.Minute), Slot: 7 * time.Minute,
		Grouping: catalog.Grouping{By: catalog.Dimension(by), Tag: `te"am.$x`, Units: reportUnits},
	}
}

func (q reporting) takes(j catalog.Job) bool {
	return j.Type == q.Type && !j.CreatedAt.Before(q.From) && j.CreatedAt.Before(q.To)
}

type reporting catalog.JobQuery

func reportTotals(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := reported(t, s)
	for by, group := range groupings(t, s) {
		q := reportQuery(by)
		want := map[catalog.JobTotal]int64{}
		for _, j := range jobs {
			if reporting(q).takes(j) {
				want[catalog.JobTotal{Group: group(j), State: j.State, Class: j.Class}]++
			}
		}
		figures, err := s.JobFigures(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		got := map[catalog.JobTotal]int64{}
		for _, total := range figures.Totals {
			n := total.Jobs
			total.Jobs = 0
			got[total] += n
		}
		same(t, "totals by "+by, want, got)
	}
	reportBytes(t, s)
}

// reportBytes checks that sizes are those of the points made, and worked on.
func reportBytes(t *testing.T, s catalog.Store) {
	t.Helper()
	p := pointOf(t, s, 5000, 0)
	restore := catalog.NewRestore("restore-5000", p, p.Scope(), nil, "me", epoch0.AddDate(0, 0, 1))
	insert(t, s, restore)
	for _, op := range []driver.Operation{driver.Backup, driver.Restore} {
		q := catalog.JobQuery{Type: op, From: backup(5000).CreatedAt, To: backup(5000).CreatedAt.Add(time.Second), Slot: time.Second}
		if op == driver.Restore {
			q.From, q.To = restore.CreatedAt, restore.CreatedAt.Add(time.Second)
		}
		figures, err := s.JobFigures(testContext(t), q)
		totals := figures.Totals
		if err != nil || len(totals) != 1 || totals[0].Bytes != p.SizeBytes || totals[0].Jobs != 1 {
			t.Errorf("totals of one %s: %+v, %v; want %d bytes", op, totals, err, p.SizeBytes)
		}
	}
}

func reportDurations(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := reported(t, s)
	for by, group := range groupings(t, s) {
		q := reportQuery(by)
		took := map[string][]time.Duration{}
		for _, j := range jobs {
			if reporting(q).takes(j) && j.State == catalog.Completed {
				took[group(j)] = append(took[group(j)], j.EndedAt.Sub(j.StartedAt))
			}
		}
		var want []catalog.JobDuration
		for name, all := range took {
			slices.Sort(all)
			rank := func(percent int) time.Duration { return all[(len(all)*percent+99)/100-1] }
			want = append(want, catalog.JobDuration{Group: name, Jobs: int64(len(all)), P50: rank(50), P90: rank(90), P99: rank(99), Max: all[len(all)-1]})
		}
		slices.SortFunc(want, func(a, b catalog.JobDuration) int { return cmp.Compare(a.Group, b.Group) })
		figures, err := s.JobFigures(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "durations by "+by, want, figures.Durations)
		if by == "" {
			same(t, "durations of all", want[0], figures.Overall)
		}
	}
}

func reportTimeline(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := reported(t, s)
	q := reportQuery("")
	want := map[catalog.JobSlot]int64{}
	for _, j := range jobs {
		if reporting(q).takes(j) {
			want[catalog.JobSlot{Slot: int(j.CreatedAt.Sub(q.From) / (7 * time.Minute)), State: j.State}]++
		}
	}
	figures, err := s.JobFigures(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	got := map[catalog.JobSlot]int64{}
	for _, slot := range figures.Slots {
		n := slot.Jobs
		slot.Jobs = 0
		got[slot] += n
	}
	same(t, "timeline", want, got)
}

func reportRefuses(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	unknown, without := reportQuery("colour"), reportQuery("")
	without.Slot = 0
	for what, q := range map[string]catalog.JobQuery{"an unknown grouping": unknown, "slots of nothing": without} {
		if _, err := s.JobFigures(ctx, q); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: %v, want an error of class invalid", what, err)
		}
	}
}
