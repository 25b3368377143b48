package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/internal/clock"
)

var start = time.Date(2026, 5, 5, 1, 50, 0, 0, time.UTC)

func TestScaledRunsFastAndJumpsForwardOnly(t *testing.T) {
	t.Parallel()
	c := clock.Scaled(start, 3600)
	if err := c.Sleep(t.Context(), 36*time.Second); err != nil { // 10 ms of ours
		t.Fatal(err)
	}
	if passed := c.Now().Sub(start); passed < 36*time.Second {
		t.Errorf("only %s passed", passed)
	}
	tomorrow := start.Add(24 * time.Hour)
	c.JumpTo(tomorrow)
	if c.Now().Before(tomorrow) {
		t.Errorf("the jump to %s reads %s", tomorrow, c.Now())
	}
	c.JumpTo(start)
	if c.Now().Before(tomorrow) {
		t.Error("a jump went back in time")
	}
}

func TestManualWakesSleepersInTheirTurn(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	woke := make(chan time.Duration, 2)
	for _, d := range []time.Duration{time.Minute, time.Hour} {
		go func() {
			if c.Sleep(context.Background(), d) == nil {
				woke <- d
			}
		}()
	}
	for c.Sleepers() < 2 {
		time.Sleep(time.Millisecond)
	}
	c.Advance(time.Minute)
	if got := <-woke; got != time.Minute {
		t.Errorf("the %s sleeper woke after a minute", got)
	}
	if c.Sleepers() != 1 {
		t.Errorf("%d sleepers are left, want 1", c.Sleepers())
	}
	c.Advance(59 * time.Minute)
	<-woke
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]clock.Clock{
		"system": clock.System(), "scaled": clock.Scaled(start, 2), "manual": clock.NewManual(start),
	} {
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
