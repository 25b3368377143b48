package rebuild

import (
	"context"
	"testing"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// puttingOff is a driver whose listing fails a number of times after its first artefact.
type puttingOff struct {
	driver.Driver
	class failure.Class
	left  int
}

func (p *puttingOff) List(_ context.Context, _ resource.Scope, yield func(driver.Artefact) error) error {
	if err := yield(driver.Artefact{}); err != nil {
		return err
	}
	if p.left--; p.left >= 0 {
		return failure.Errorf(p.class, "put off")
	}
	return nil
}

// atOnce is a clock on which nobody waits.
type atOnce struct {
	clock.Clock
	slept int
}

func (a *atOnce) Sleep(context.Context, time.Duration) error { a.slept++; return nil }

// A listing that the API budget puts off is made again, from its start; one that is denied
// is not, and neither is asked for ever.
func TestAListingThatIsPutOffIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		class  failure.Class
		times  int
		waited int
		ends   failure.Class
	}{
		"put off":  {failure.Throttled, 3, 3, ""},
		"denied":   {failure.Denied, 1, 0, failure.Denied},
		"for ever": {failure.Throttled, 1000, maxAttempts - 1, failure.Throttled},
	} {
		machine := &atOnce{}
		s := Scan{Scope: home, Kind: resource.EBS}
		s.again(t.Context(), &puttingOff{class: tc.class, left: tc.times}, machine)
		if s.Class != tc.ends || machine.slept != tc.waited || len(s.Found) != 1 {
			t.Errorf("%s: ends as %q after %d waits with %d artefacts", name, s.Class, machine.slept, len(s.Found))
		}
	}
}
