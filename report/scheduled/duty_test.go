package scheduled_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
	"holdfast/policy"
	"holdfast/report"
	"holdfast/report/scheduled"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var eight = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// rig is a catalog and the clock of everybody who uses it.
type rig struct {
	t     *testing.T
	store *sqlstore.Store
	clock *clock.Manual
}

func newRig(t *testing.T) *rig {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &rig{t, store, clock.NewManual(eight.Add(-time.Hour))}
}

// duty returns what one scheduler does for reports.
func (r *rig) duty(owner string, reports ...scheduled.Report) *scheduled.Duty {
	return scheduled.New(scheduled.Options{
		Installation: "acme", Owner: owner, Store: r.store, Reports: reports, Clock: r.clock, Log: zerolog.Nop(),
		Source: func(context.Context) (report.Source, error) {
			return report.Source{Store: r.store, Installation: "acme", Now: r.clock.Now()}, nil
		},
	})
}

func (r *rig) run(d *scheduled.Duty) {
	r.t.Helper()
	if err := d.Run(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) risks() (subjects []string) {
	r.t.Helper()
	list, err := r.store.Risks(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, risk := range list {
		subjects = append(subjects, risk.Kind+" "+risk.Subject)
	}
	return subjects
}

func nightly(t *testing.T, name string, place scheduled.Place) scheduled.Report {
	t.Helper()
	s, _, err := policy.ParseSchedule("cron(0 8 * * ? *)", "")
	if err != nil {
		t.Fatal(err)
	}
	return scheduled.Report{Name: name, Kind: "backup", Schedule: s, Format: "csv", Place: place}
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

// TestEveryFireOnce has two schedulers write to a directory at once, day after day; one of
// the days nobody was there.
func TestEveryFireOnce(t *testing.T) {
	t.Parallel()
	r, dir := newRig(t), filepath.Join(t.TempDir(), "made", "here")
	a, b := r.duty("a", nightly(t, "night", scheduled.Disk{Dir: dir})), r.duty("b", nightly(t, "night", scheduled.Disk{Dir: dir}))
	r.run(a)
	if got := files(t, dir); got != nil {
		t.Fatalf("before the first fire there is %v", got)
	}
	for _, days := range []int{1, 1, 2} {
		r.clock.Advance(time.Duration(days) * 24 * time.Hour)
		var both sync.WaitGroup
		for _, d := range []*scheduled.Duty{a, b} {
			both.Go(func() {
				if err := d.Run(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		r.run(a)
	}
	want := "acme-night-20260302T080000Z.csv acme-night-20260303T080000Z.csv acme-night-20260305T080000Z.csv"
	if got := strings.Join(files(t, dir), " "); got != want {
		t.Errorf("the directory has\n%s\nwant\n%s", got, want)
	}
	events, err := r.store.Events(t.Context(), catalog.EventFilter{})
	if err != nil || len(events) != 3 {
		t.Errorf("%d events, want one for each file: %+v %v", len(events), events, err)
	}
	for _, e := range events {
		if e.Type != "report.written" || e.To != "night" {
			t.Errorf("an event is %+v", e)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "acme-night-20260305T080000Z.csv"))
	if err != nil || !strings.HasPrefix(string(text), "group,jobs,") {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// refusing is a place that does not take what it gets.
type refusing struct {
	err   error
	tries int
	names []string
}

func (p *refusing) Put(_ context.Context, name string, _ []byte, _ string) (string, error) {
	p.tries++
	p.names = append(p.names, name)
	return "there", p.err
}

func TestAPlaceThatRefusesIsTriedAgain(t *testing.T) {
	t.Parallel()
	r, place, dir := newRig(t), &refusing{err: failure.Errorf(failure.Denied, "no")}, t.TempDir()
	d := r.duty("a", nightly(t, "night", place), nightly(t, "other", scheduled.Disk{Dir: dir}))
	r.run(d)
	r.clock.Advance(time.Hour)
	r.run(d)
	r.run(d) // too early to try again
	if got := r.risks(); place.tries != 1 || len(got) != 1 || got[0] != "report night" {
		t.Fatalf("after %d tries at risk: %v", place.tries, got)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("the other report waited for it: %v", got)
	}
	for i, minutes := range []int{1, 2, 4} {
		r.clock.Advance(time.Duration(minutes) * time.Minute)
		r.run(d)
		if place.tries != i+2 {
			t.Fatalf("%d tries after %d pauses", place.tries, i+1)
		}
	}
	place.err = nil
	r.clock.Advance(8 * time.Minute)
	r.run(d)
	r.run(d)
	if got := r.risks(); place.tries != 5 || len(got) != 0 {
		t.Errorf("after %d tries at risk: %v", place.tries, got)
	}
	state, err := r.store.SeeReport(t.Context(), "night", eight)
	if err != nil || state.Place != "there" || state.Attempts != 5 || !state.Done() {
		t.Errorf("the report stands %+v, %v", state, err)
	}
	place.err = errors.New("no")
	r.clock.Advance(24 * time.Hour) // the fire of the next day takes the place of what fails
	r.run(d)
	r.clock.Advance(24 * time.Hour)
	r.run(d)
	if got := place.names[len(place.names)-1]; got != "acme-night-20260304T080000Z.csv" {
		t.Errorf("last tried was %s", got)
	}
}

func TestADirectoryThatIsAFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (scheduled.Disk{Dir: dir}).Put(t.Context(), "x", nil, ""); err == nil {
		t.Error("a directory that is a file took a report")
	}
}

// TestBucket writes to S3 as moto has it.
func TestBucket(t *testing.T) {
	t.Parallel()
	moto := testkit.Moto(t)
	cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: &moto.URL, Credentials: credentials.NewStaticCredentialsProvider("x", "x", "")}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("reports"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"},
	}); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	place := scheduled.NewBucket(cfg, "reports", "/holdfast/")
	a, b := r.duty("a", nightly(t, "night", place)), r.duty("b", nightly(t, "night", place))
	r.run(a)
	r.clock.Advance(2 * time.Hour)
	r.run(a)
	r.run(b)
	key := "holdfast/acme-night-20260302T080000Z.csv"
	got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("reports"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(got.Body)
	if err != nil || !strings.HasPrefix(string(text), "group,jobs,") || aws.ToString(got.ContentType) != "text/csv; charset=utf-8" {
		t.Errorf("the object is %s %q, %v", aws.ToString(got.ContentType), text, err)
	}
	where, err := place.Put(t.Context(), "acme-night-20260302T080000Z.csv", []byte("other"), "text/plain")
	if err != nil || where != "s3://reports/"+key {
		t.Errorf("what is there already: %s, %v", where, err)
	}
	again, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("reports"), Key: &key})
	if err != nil || aws.ToString(again.ETag) != aws.ToString(got.ETag) {
		t.Errorf("what was there was overwritten: %v", err)
	}
	_, err = scheduled.NewBucket(cfg, "nobodys", "").Put(t.Context(), "x.csv", nil, "text/csv")
	if !failure.Is(err, failure.NotFound) {
		t.Errorf("a bucket that is not there: %v", err)
	}
}
