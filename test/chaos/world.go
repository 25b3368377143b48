package chaos

import (
	"context"
	"net"
	"regexp"
	"strings"
	"time"

	"holdfast/internal/clock"
	"holdfast/sim"
)

// Times on the fast clock. The rules fire at night and, with what they made a day before
// due for deletion by then, the night after.
var (
	dusk   = time.Date(2026, time.March, 3, 1, 40, 0, 0, time.UTC)
	nights = []time.Time{
		time.Date(2026, time.March, 3, 2, 0, 0, 0, time.UTC),
		time.Date(2026, time.March, 4, 2, 0, 0, 0, time.UTC),
	}
)

// The organization. Operations take a twentieth of their time on a clock that is twenty
// times as fast: as long as AWS takes in a four-hundredth.
const (
	accounts = 10
	regions  = 2
	pace     = 0.05
	lag      = 20 * time.Second
)

// world is the simulated organization with the policy of a seed.
type world struct {
	*sim.Company
	policy string
}

var (
	cronLine    = regexp.MustCompile(`cron\([^)]*\)`)
	windowLine  = regexp.MustCompile(`(?m)^ *start_window_minutes:.*\n`)
	withinLine  = regexp.MustCompile(`(?m)^ *completion_window_minutes:.*\n`)
	lifeOfPoint = regexp.MustCompile(`delete_after_days: \d+`)
)

// policyOf makes every rule of a generated policy fire in both nights, wait for its turn as
// long as it takes, and keep what it makes for a day.
func policyOf(generated string) string {
	text := windowLine.ReplaceAllString(withinLine.ReplaceAllString(generated, ""), "")
	text = cronLine.ReplaceAllString(text, "cron(0 2 3-4 3 ? 2026)\n        start_window_minutes: 1380\n        completion_window_minutes: 10080")
	return lifeOfPoint.ReplaceAllString(text, "delete_after_days: 1")
}

// newWorld generates an organization for which the nights are at least so many jobs.
func newWorld(seed uint64, jobs int, c clock.Clock) (*world, error) {
	for resources := max(jobs/8, 20); ; resources += max(resources/10, 1) {
		company, err := sim.Generate(sim.GenerateOptions{
			Accounts: accounts, Regions: regions, Resources: resources, Seed: seed,
			Organization: sim.Options{Clock: c, Pace: pace, Lag: lag, RetryBackoff: 200 * time.Millisecond},
		})
		if err != nil {
			return nil, err
		}
		w := &world{Company: company, policy: policyOf(company.Policy)}
		if w.jobs() >= jobs {
			return w, nil
		}
	}
}

// jobs is the least number of backups, copies and expiries there will be: every point is
// made in both nights and the first one deleted in the second. Files in the region that
// copies go to are not copied, and which those are does not show in every ARN.
func (w *world) jobs() int {
	points := 0
	for _, e := range w.Expected {
		points++
		if e.Plan == "production" {
			points++
		}
	}
	return 3 * points
}

// copies reports whether the rule copies what it backs up, unless it is there already.
func copies(e sim.Expectation) bool { return e.Plan == "production" || e.Plan == "files" }

// serve lets other processes use the organization until stop.
func (w *world) serve(ctx context.Context) (url string, stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = sim.Serve(ctx, w.Organization, listener) // ends with ctx; what fails before shows in every process
	}()
	return "http://" + strings.TrimSpace(listener.Addr().String()), func() { cancel(); <-served }, nil
}
