// Package catalogtest is the conformance suite of catalog.Store: whatever keeps the
// catalog passes it, so that a fleet on PostgreSQL and a single binary on SQLite behave
// alike. A store's test is a call of Run.
package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

// Open opens the database it was made for; several stores may be open on it at once.
// The store is closed when tb ends.
type Open func(tb testing.TB) catalog.Store

// Run runs every check against stores from fresh, which makes an empty database and
// returns how to open it.
func Run(t *testing.T, fresh func(tb testing.TB) Open) {
	t.Helper()
	for _, group := range []map[string]func(*testing.T, Open){
		jobChecks, listChecks, commitChecks, queueChecks, lookChecks, expiryChecks, archiveChecks, pointChecks,
		inventoryChecks, scheduleChecks, limitChecks, historyChecks, ledgerChecks, guardChecks, concurrencyChecks, modelChecks, policyChecks, surveyChecks, auditChecks, searchChecks, reportChecks, reportScheduleChecks, notificationChecks, loginChecks,
	} {
		for name, check := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				check(t, fresh(t))
			})
		}
	}
}

// epoch0 is when the stories of the suite begin.
var epoch0 = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

const (
	installation = "acme"
	account      = "111122223333"
	region       = "eu-central-1"
	timeout      = time.Minute // of one check
)

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// backup returns a waiting backup of volume n, created n seconds after the story began.
func backup(n int) catalog.Job {
	arn := fmt.Sprintf("arn:aws:ec2:%s:%s:volume/vol-%04d", region, account, n)
	r := resource.Resource{ARN: arn, Kind: resource.EBS, Account: account, Region: region}
	at := epoch0.Add(time.Duration(n) * time.Second)
	j := catalog.NewBackup(catalog.JobID("suite", arn), r, "aws", "scheduler", at)
	j.Engine = driver.AWSBackup
	j.Plan, j.Rule, j.FireAt = "Daily", "nightly", epoch0
	j.StartBy, j.CompleteBy = at.Add(time.Hour), at.Add(8*time.Hour)
	j.Spec = catalog.Spec{
		Vault: "default", DeleteAfter: 35, Tags: map[string]string{"team": "däta <&>"},
		Copies: []catalog.CopySpec{{Account: account, Region: "eu-west-1", Vault: "default"}},
	}
	return j
}

// backups returns waiting backups of volumes from..to-1.
func backups(from, to int) []catalog.Job {
	var jobs []catalog.Job
	for n := from; n < to; n++ {
		jobs = append(jobs, backup(n))
	}
	return jobs
}

// point returns the recovery point the completed job left.
func point(job catalog.Job, at time.Time) catalog.RecoveryPoint {
	seen := driver.Point{
		Ref: driver.Ref("snap-" + job.ID[:8]), ARN: "arn:aws:ec2:::snapshot/" + job.ID[:8], CreatedAt: at.Add(-time.Minute),
		SizeBytes: 8 << 30, Encrypted: true, KMSKeyID: "alias/backup",
	}
	source := resource.Resource{
		ARN: job.ResourceARN, Kind: job.Kind, Account: job.Account, Region: job.Region,
		Tags: map[string]string{"env": "prod"}, Settings: []byte(`{"size":8}`),
	}
	return catalog.CompletedPoint(job, seen, source, installation, at)
}

func insert(t *testing.T, s catalog.Store, jobs ...catalog.Job) {
	t.Helper()
	n, err := s.InsertJobs(testContext(t), jobs)
	if err != nil || n != len(jobs) {
		t.Fatalf("InsertJobs = %d, %v; want %d", n, err, len(jobs))
	}
}

func get(t *testing.T, s catalog.Store, id string) catalog.Job {
	t.Helper()
	j, err := s.Job(testContext(t), id)
	if err != nil {
		t.Fatalf("Job(%s): %v", id, err)
	}
	return j
}

// change commits a move of the job as it is stored now.
func change(t *testing.T, s catalog.Store, id string, to catalog.State, edit func(*catalog.Job), more ...func(*catalog.Mutation)) catalog.Job {
	t.Helper()
	m := mutation(t, get(t, s, id), to, edit)
	for _, f := range more {
		f(&m)
	}
	j, err := s.Commit(testContext(t), m)
	if err != nil {
		t.Fatalf("Commit(%s -> %s): %v", id, to, err)
	}
	return j
}

func mutation(t *testing.T, job catalog.Job, to catalog.State, edit func(*catalog.Job)) catalog.Mutation {
	t.Helper()
	m, err := catalog.Change(job, to, epoch0.Add(time.Hour), "worker-1", edit)
	if err != nil {
		t.Fatalf("Change: %v", err)
	}
	return m
}

// started edits a job as the start of its operation does.
func started(j *catalog.Job) {
	j.IntentOwner, j.IntentUntil = "worker-1", epoch0.Add(time.Hour)
	j.Ref, j.StartedAt, j.Attempts = driver.Ref("snap-"+j.ID[:8]), epoch0.Add(time.Minute), 1
	j.NextLookAt = epoch0.Add(2 * time.Minute)
}

// pointOf inserts a backup of volume n, run to its end, and returns the point it left.
// Different turns give different backups of the same volume.
func pointOf(t *testing.T, s catalog.Store, n, turn int) catalog.RecoveryPoint {
	t.Helper()
	j := backup(n)
	j.ID = catalog.JobID("point", j.ResourceARN, fmt.Sprint(turn))
	j.ChainID, j.FireAt = j.ID, epoch0.AddDate(0, 0, turn)
	insert(t, s, j)
	change(t, s, j.ID, catalog.Running, started)
	p := point(j, epoch0.AddDate(0, 0, turn).Add(time.Hour))
	change(t, s, j.ID, catalog.Completed, nil, func(m *catalog.Mutation) { m.Points = []catalog.RecoveryPoint{p} })
	return p
}

func ids(jobs []catalog.Job) []string {
	out := make([]string, len(jobs))
	for i, j := range jobs {
		out[i] = j.ID
	}
	return out
}

// same fails the test when got is not want; nil and empty are alike.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, emptyIsNil...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// fails checks that err is target.
func fails(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: error %v, want %v", what, err, target)
	}
}

// says checks that err's text has word in it.
func says(t *testing.T, err error, word string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), word) {
		t.Errorf("error %v does not say %q", err, word)
	}
}
