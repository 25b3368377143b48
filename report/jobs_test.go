package report_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/report"
)

// busyNight fills the catalog with jobs of two accounts, all states, over two hours.
func busyNight(r *rig) report.Request {
	var jobs []catalog.Job
	states := catalog.States()
	for n := range 240 {
		account := []string{web, data}[n%2]
		v := volume(account, n)
		j := catalog.NewBackup(catalog.JobID("night", v.ARN), v, "aws", "scheduler", night.Add(time.Duration(n)*30*time.Second))
		j.Plan = []string{"Daily", ""}[n%3%2]
		if j.State = states[n/2*5%len(states)]; !j.State.Terminal() {
			j.State = catalog.Created
		} else {
			j.StartedAt, j.EndedAt = j.CreatedAt, j.CreatedAt.Add(time.Duration(n%40)*time.Second)
			if j.State != catalog.Completed {
				j.Class = failure.Classes()[n%3]
			}
		}
		jobs = append(jobs, j)
	}
	r.insert(jobs...)
	for n := range 5 {
		j := catalog.NewBackup(fmt.Sprint("made-", n), volume(web, 1000+n), "aws", "me", night.Add(time.Minute))
		p := r.run(j, time.Duration(n)*time.Minute, nil)
		r.insert(catalog.NewRestore(fmt.Sprint("restore-", n), p, p.Scope(), nil, "me", night.Add(time.Hour)))
	}
	return report.Request{
		Kind: report.BackupJobs, From: night.Add(20 * time.Second), To: night.Add(100 * time.Minute),
		By: "account", Grouping: catalog.Grouping{By: catalog.ByAccount},
	}
}

// TestJobReportEqualsSQL asks the database the same by plain queries of its own.
func TestJobReportEqualsSQL(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		req := busyNight(r)
		made := r.make(req)
		where := fmt.Sprintf(" FROM jobs WHERE type = 'backup' AND created_at >= %d AND created_at < %d", req.From.UnixMilli(), req.To.UnixMilli())
		for _, account := range []string{web, data} {
			mine := where + " AND account = '" + account + "'"
			for column, query := range map[string]string{
				"jobs":      "SELECT count(*)" + mine,
				"completed": "SELECT count(*)" + mine + " AND state = 'COMPLETED'",
				"failed":    "SELECT count(*)" + mine + " AND state = 'FAILED'",
				"expired":   "SELECT count(*)" + mine + " AND state = 'EXPIRED'",
				"partial":   "SELECT count(*)" + mine + " AND state = 'PARTIAL'",
				"aborted":   "SELECT count(*)" + mine + " AND state = 'ABORTED'",
				"open":      "SELECT count(*)" + mine + " AND ended_at = 0",
				"bytes":     "SELECT COALESCE(sum(size_bytes), 0) FROM points WHERE id IN (SELECT id" + mine + ")",
			} {
				if got, want := cell(r.t, made.Tables[0], account, column), int64(r.number(query)); got != want {
					r.t.Errorf("%s of %s: %v, by SQL %d", column, account, got, want)
				}
			}
			done := mine + " AND state = 'COMPLETED'"
			ended := r.number("SELECT count(*)" + mine + " AND ended_at > 0")
			if got, want := cell(r.t, made.Tables[0], account, "success"), r.number("SELECT count(*)"+done)/ended; got != want {
				r.t.Errorf("success of %s: %v, by SQL %v", account, got, want)
			}
			n := int(r.number("SELECT count(*)" + done))
			for column, percent := range map[string]int{"p50": 50, "p90": 90, "p99": 99, "max": 100} {
				rank := (n*percent + 99) / 100
				want := r.number(fmt.Sprintf("SELECT ended_at - started_at%s ORDER BY 1 LIMIT 1 OFFSET %d", done, rank-1))
				if got := cell(r.t, made.Tables[0], account, column).(time.Duration); float64(got.Milliseconds()) != want {
					r.t.Errorf("%s of %s: %v, by SQL %v ms", column, account, got, want)
				}
			}
		}
		var classes []string
		for _, row := range made.Tables[1].Rows {
			classes = append(classes, fmt.Sprintf("%v %v %v", row[0], row[1], row[2]))
		}
		want := r.ask("SELECT COALESCE(NULLIF(class, ''), '-'), state, count(*)" + where + " AND state IN ('PARTIAL', 'FAILED', 'EXPIRED', 'ABORTED') GROUP BY class, state")
		slices.Sort(classes)
		slices.Sort(want)
		if diff := cmp.Diff(want, classes); diff != "" {
			r.t.Errorf("classes (-SQL +report):\n%s", diff)
		}
		var completed int64
		for _, row := range made.Tables[2].Rows {
			completed += row[1].(int64)
		}
		if want := int64(r.number("SELECT count(*)" + where + " AND state = 'COMPLETED'")); completed != want {
			r.t.Errorf("timeline: %d completed, by SQL %d", completed, want)
		}
		if want := int(min(100, r.number("SELECT count(*)"+where+" AND state IN ('PARTIAL', 'FAILED', 'EXPIRED', 'ABORTED')"))); len(made.Tables[3].Rows) != want {
			r.t.Errorf("%d failures listed, by SQL %d", len(made.Tables[3].Rows), want)
		}
	})
}

func TestOtherJobReportsEqualSQL(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		req := busyNight(r)
		req.By, req.Grouping = "tag=team", catalog.Grouping{By: catalog.ByTag, Tag: "team"}
		r.inventory(volume(web, 1000), volume(web, 1001), volume(web, 1002))
		for kind, op := range map[report.Kind]driver.Operation{report.RestoreJobs: driver.Restore, report.CopyJobs: driver.Copy, report.ExpiryJobs: driver.Expire} {
			req.Kind = kind
			made := r.make(req)
			want := r.ask(fmt.Sprintf(`SELECT CASE resource_arn WHEN '%s' THEN 'team-0' WHEN '%s' THEN 'team-1' WHEN '%s' THEN 'team-0' ELSE '-' END AS team, count(*),
				sum((SELECT size_bytes FROM points WHERE id = point_id)) FROM jobs WHERE type = '%s' GROUP BY team ORDER BY team`,
				volume(web, 1000).ARN, volume(web, 1001).ARN, volume(web, 1002).ARN, op))
			var got []string
			for _, row := range made.Tables[0].Rows {
				got = append(got, fmt.Sprint(row[0], " ", row[1], " ", row[9]))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				r.t.Errorf("%s (-SQL +report):\n%s", kind, diff)
			}
		}
	})
}
