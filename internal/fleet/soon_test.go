package fleet

import (
	"testing"
	"time"
)

func TestNextFireLeavesTimeToStart(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		moment, err := time.Parse(time.TimeOnly, clock)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for now, want := range map[string]string{
		"10:00:00": "10:01:00", "10:00:35": "10:01:00", "10:00:36": "10:02:00", "23:59:50": "00:01:00",
	} {
		if got := nextFire(at(now)).Format(time.TimeOnly); got != want {
			t.Errorf("at %s the next fire is at %s, want %s", now, got, want)
		}
	}
}
