package e2e

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/internal/clock"
	"holdfast/internal/fleet"
	"holdfast/internal/testkit"
	"holdfast/sim"
)

// binary is the program under test, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "holdfast-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binary = filepath.Join(dir, "holdfast")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/holdfast")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build holdfast: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// system is the machine's clock.
var system = clock.System()

// daily matches the hour and minute of the generated policies' schedules.
var daily = regexp.MustCompile(`cron\(\d+ 2 `)

// firesSoon returns the policy with every rule due as soon as the fleet is up.
func firesSoon(policy string) string {
	return daily.ReplaceAllString(policy, "cron("+fleet.Soon+" ")
}

// servedCompany is a generated organization that other processes reach at url.
type servedCompany struct {
	*sim.Company
	url string
}

// serveCompany generates an organization whose operations take a hundredth of their time
// and serves it until the end of the test.
func serveCompany(t *testing.T, resources int) servedCompany {
	t.Helper()
	company, err := sim.Generate(sim.GenerateOptions{
		Accounts: 3, Regions: 2, Resources: resources, Seed: 11,
		Organization: sim.Options{Clock: system, Pace: 0.01, Lag: time.Second, RetryBackoff: 100 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sim.Serve(ctx, company.Organization, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve the simulated organization: %v", err)
		}
	})
	return servedCompany{company, "http://" + listener.Addr().String()}
}

// sleep lets time pass that is the subject of a test.
func sleep(t *testing.T, d time.Duration) {
	t.Helper()
	if err := system.Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// openCatalog opens the catalog of a running installation to watch it.
func openCatalog(t *testing.T, dsn string) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// counts returns how many jobs have ended, and how many there are.
func counts(t *testing.T, store catalog.Store) (ended, total int) {
	t.Helper()
	byType, err := store.CountJobs(context.WithoutCancel(t.Context()), catalog.JobFilter{})
	if err != nil {
		t.Logf("count jobs: %v", err)
		return 0, 1
	}
	for _, states := range byType {
		for state, n := range states {
			total += n
			if state.Terminal() {
				ended += n
			}
		}
	}
	return ended, total
}

// awaitFires waits until every generated rule has a planned fire.
func awaitFires(t *testing.T, store catalog.Store) {
	t.Helper()
	testkit.Eventually(t, 4*time.Minute, "every rule to be planned", func() bool {
		for _, plan := range []string{"production", "regional", "tables"} {
			fires, err := store.Fires(t.Context(), plan, "nightly", 1)
			if err != nil || len(fires) == 0 || fires[0].State != catalog.FirePlanned {
				return false
			}
		}
		return true
	})
}

// awaitEnd waits until every job has ended.
func awaitEnd(t *testing.T, store catalog.Store, patience time.Duration) {
	t.Helper()
	var ended, total int
	defer func() {
		t.Logf("%d of %d jobs have ended", ended, total)
		if t.Failed() {
			showUnended(t, store)
		}
	}()
	testkit.Eventually(t, patience, "every job to end", func() bool {
		ended, total = counts(t, store)
		_ = system.Sleep(t.Context(), 250*time.Millisecond)
		return total > 0 && ended == total
	})
}

// judge asks the simulation whether anything was lost or made twice.
func judge(t *testing.T, store catalog.Store, company *sim.Company) {
	t.Helper()
	bad, err := store.ListJobs(t.Context(), catalog.JobFilter{States: []catalog.State{catalog.Failed, catalog.Expired, catalog.Aborted}, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range bad {
		t.Errorf("%s %s of %s ended %s: %s: %s", job.Type, job.ID, job.ResourceARN, job.State, job.Class, job.Message)
	}
	verdict := sim.Judge(company.History(), sim.Case{
		Expected: company.Expected,
		Fires: func(plan, rule string) []time.Time {
			fires, err := store.Fires(t.Context(), plan, rule, 10)
			if err != nil {
				t.Fatal(err)
			}
			var at []time.Time
			for _, fire := range fires {
				at = append(at, fire.At)
			}
			return at
		},
	})
	for _, lost := range verdict.Lost {
		t.Errorf("lost: %+v", lost)
	}
	for _, twice := range verdict.Duplicates {
		t.Errorf("made twice: %s of %s", twice.ARN, twice.Source)
	}
	for _, wrong := range verdict.Unexpected {
		t.Errorf("should not have been taken: %s", wrong.Source)
	}
}

// showSlowest logs what happened to the job that took longest: where a fault's time went.
func showSlowest(t *testing.T, store catalog.Store) {
	t.Helper()
	jobs, err := store.ListJobs(t.Context(), catalog.JobFilter{Limit: 1000})
	if err != nil || len(jobs) == 0 {
		t.Fatalf("list jobs: %v", err)
	}
	took := func(j catalog.Job) time.Duration { return j.EndedAt.Sub(j.CreatedAt) }
	last := slices.MaxFunc(jobs, func(a, b catalog.Job) int { return cmp.Compare(took(a), took(b)) })
	t.Logf("the slowest: %s of %s, created %s, ended %s, %d attempts", last.Type, last.ResourceARN,
		last.CreatedAt.Format(time.TimeOnly), last.EndedAt.Format(time.TimeOnly), last.Attempts)
	showEvents(t, store, last)
}

// showUnended logs what has happened to the jobs that have not ended.
func showUnended(t *testing.T, store catalog.Store) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	jobs, err := store.ListJobs(ctx, catalog.JobFilter{States: []catalog.State{
		catalog.Created, catalog.Running, catalog.Aborting,
	}, Limit: 10})
	if err != nil {
		t.Logf("list jobs: %v", err)
	}
	for _, job := range jobs {
		t.Logf("%s %s of %s is %s: reference %q, intent until %s by %q, epoch %d, %d attempts, class %q, again at %s: %s", job.Type, job.ID,
			job.ResourceARN, job.State, job.Ref, job.IntentUntil.Format(time.TimeOnly), job.IntentOwner, job.Epoch, job.Attempts, job.Class,
			job.RetryAt.Format(time.TimeOnly), job.Message)
		showEvents(t, store, job)
	}
}

func showEvents(t *testing.T, store catalog.Store, job catalog.Job) {
	t.Helper()
	events, err := store.Events(context.WithoutCancel(t.Context()), catalog.EventFilter{JobID: job.ID, Limit: 100})
	if err != nil {
		t.Logf("events of job %s: %v", job.ID, err)
	}
	for _, e := range events {
		t.Logf("  %s %s %s>%s %s %s", e.At.Format(time.TimeOnly), e.Type, e.From, e.To, e.Class, e.Message)
	}
}
