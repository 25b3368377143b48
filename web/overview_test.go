package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

// story is a catalog and an admission with a night's worth of everything.
type story struct {
	jobs     map[driver.Operation]map[catalog.State]int
	points   map[catalog.PointState]int
	breakers []catalog.Breaker
	usage    []admission.KeyUsage
	err      error
}

func (s story) CountJobs(context.Context, catalog.JobFilter) (map[driver.Operation]map[catalog.State]int, error) {
	return s.jobs, s.err
}

func (s story) CountPoints(context.Context) (map[catalog.PointState]int, error) { return s.points, nil }

func (s story) Breakers(context.Context) ([]catalog.Breaker, error) { return s.breakers, nil }

func (s story) Usage(context.Context, int) ([]admission.KeyUsage, error) { return s.usage, nil }

func night() story {
	return story{
		jobs: map[driver.Operation]map[catalog.State]int{
			driver.Backup:  {catalog.Created: 1234567, catalog.Running: 80, catalog.Completed: 40123, catalog.Failed: 7},
			driver.Copy:    {catalog.Running: 12, catalog.Completed: 999, catalog.Expired: 3},
			driver.Restore: {catalog.Aborting: 1},
		},
		points: map[catalog.PointState]int{catalog.Available: 41122, catalog.Expiring: 4, catalog.Deleted: 120},
		breakers: []catalog.Breaker{
			{Account: "444455556666"},
			{
				Account: "222233334444", OpenSince: now.Add(-time.Hour), ProbeAt: now.Add(time.Minute), Failures: 4,
				Message: `sts:AssumeRole: AccessDenied: <script>alert("no")</script>`,
			},
		},
		usage: []admission.KeyUsage{
			{Key: "account=111122223333", Cap: 40, Held: 40, Granted: 3, Waiting: 12000},
			{Key: "account=222233334444", Cap: 0, Waiting: 60},
			{Key: "account=333344445555", Cap: -1, Held: 2},
			{Key: "quota-ebs-backup=111122223333/eu-west-1", Cap: 20, Held: 20},
			{Key: "resource=abcdef", Cap: 1, Held: 1},
			{Key: "restores=333344445555", Cap: 5, Held: 2},
		},
	}
}

func serveStory(t *testing.T, s story) answer {
	t.Helper()
	opts := options()
	opts.Redis, _ = newRedis(t)
	opts.Catalog, opts.Slots, opts.SlotDimensions = s, s, []string{"account", "restores"}
	return get(t, serve(t, opts)+"/").wantStatus(t, http.StatusOK)
}

func TestOverviewGolden(t *testing.T) {
	t.Parallel()
	golden(t, "overview.html", serveStory(t, night()).body)
}

func TestOverviewWhenASourceFails(t *testing.T) {
	t.Parallel()
	s := night()
	s.err = errors.New("database is locked")
	serveStory(t, s).wantBody(t, "Not available: jobs: database is locked", "41,122", "12,000")
}

func TestOverviewIsBounded(t *testing.T) {
	t.Parallel()
	s := night()
	for i := range 300 {
		account := fmt.Sprintf("%012d", i)
		s.breakers = append(s.breakers, catalog.Breaker{Account: account, OpenSince: now})
		s.usage = append(s.usage, admission.KeyUsage{Key: admission.NewKey("account", account), Cap: 1, Waiting: 1})
	}
	page := serveStory(t, s)
	page.wantBody(t, "and 251 more", "and 204 more")
	if rows := strings.Count(page.body, "<tr>"); rows != 3+4+50+100 {
		t.Errorf("%d rows", rows)
	}
}

func TestOverviewOfAProcessWithoutSources(t *testing.T) {
	t.Parallel()
	page := get(t, serve(t, options())+"/").wantStatus(t, http.StatusOK).wantBody(t, "health checks and metrics only")
	for _, absent := range []string{"/queues/", "Recovery points", "Slots"} {
		if strings.Contains(page.body, absent) {
			t.Errorf("%q is shown although this process has none", absent)
		}
	}
}

// TestOverviewOfACatalog reads a real catalog.
func TestOverviewOfACatalog(t *testing.T) {
	t.Parallel()
	store := newCatalog(t)
	source := resource.Resource{
		ARN: "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", Kind: resource.EBS, Account: "111122223333", Region: "eu-west-1",
	}
	var jobs []catalog.Job
	for i := range 1500 {
		jobs = append(jobs, catalog.NewBackup(fmt.Sprintf("job%023d", i), source, "aws", "scheduler", now))
	}
	if _, err := store.InsertJobs(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	breaker := catalog.Breaker{Account: "111122223333", OpenSince: now, ProbeAt: now.Add(time.Minute), Failures: 3, Message: "AccessDenied"}
	if err := store.SetBreaker(t.Context(), breaker, "test"); err != nil {
		t.Fatal(err)
	}
	opts := options()
	opts.Catalog = store
	get(t, serve(t, opts)+"/").wantStatus(t, http.StatusOK).
		wantBody(t, "1,500", "AccessDenied", "2026-03-01 02:31:00 UTC", `<dt>AVAILABLE</dt><dd>0</dd>`)
}
