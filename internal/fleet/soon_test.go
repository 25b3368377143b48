package fleet_test

import (
	"testing"
	"time"

	"holdfast/internal/fleet"
)

func TestFillLeavesTimeToStart(t *testing.T) {
	t.Parallel()
	for clock, want := range map[string]string{
		"10:00:00": "cron(1 10 * * ? *)", "10:00:40": "cron(1 10 * * ? *)", "10:00:41": "cron(2 10 * * ? *)",
		"23:59:50": "cron(1 0 * * ? *)",
	} {
		now, err := time.Parse(time.TimeOnly, clock)
		if err != nil {
			t.Fatal(err)
		}
		got, at := fleet.Fill("cron("+fleet.Soon+" * * ? *)", now)
		if got != want || at.Sub(now) < 20*time.Second || at.Sub(now) >= 80*time.Second {
			t.Errorf("at %s the policy becomes %s, due in %s, want %s", clock, got, at.Sub(now), want)
		}
	}
}
