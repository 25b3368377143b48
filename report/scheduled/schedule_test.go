package scheduled

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/policy"
)

var morning = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func schedule(t testing.TB, expression, zone string) policy.Schedule {
	t.Helper()
	s, _, err := policy.ParseSchedule(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewest(t *testing.T) {
	t.Parallel()
	daily := schedule(t, "cron(0 8 * * ? *)", "")
	yearly := schedule(t, "cron(0 8 2 3 ? *)", "")
	minutely := schedule(t, "cron(* * * * ? *)", "")
	for name, c := range map[string]struct {
		s         policy.Schedule
		from, now time.Time
		want      time.Time
	}{
		"not due":           {daily, morning, morning.Add(23 * time.Hour), time.Time{}},
		"due to the second": {daily, morning.Add(-time.Hour), morning, morning},
		"seen as it fires":  {daily, morning, morning, time.Time{}},
		"many were missed":  {daily, morning.AddDate(-1, 0, 0), morning.Add(3 * time.Hour), morning},
		"after a year":      {yearly, morning.AddDate(-3, 0, 0), morning.AddDate(0, 11, 0), morning},
		"every minute":      {minutely, morning.AddDate(-10, 0, 0), morning.Add(time.Second), morning},
		"local time":        {schedule(t, "cron(0 8 * * ? *)", "Europe/Berlin"), morning.Add(-12 * time.Hour), morning, morning.Add(-time.Hour)},
	} {
		if got := newest(c.s, c.from, c.now); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestNewestIsTheLastOfAll compares with walking over all fires.
func TestNewestIsTheLastOfAll(t *testing.T) {
	t.Parallel()
	list := []policy.Schedule{
		schedule(t, "cron(0/7 * * * ? *)", ""), schedule(t, "cron(15 3 ? * MON *)", "Europe/Berlin"), schedule(t, "cron(0 0 L * ? *)", ""), schedule(t, "cron(0 0 1 1 ? *)", "America/New_York"),
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(list).Draw(rt, "schedule")
		from := morning.Add(-time.Duration(rapid.Int64Range(0, 60*24*3600).Draw(rt, "back")) * time.Second)
		now := from.Add(time.Duration(rapid.Int64Range(0, 400*24*3600).Draw(rt, "ahead")) * time.Second)
		var want time.Time
		for at, ok := s.Next(from); ok && !at.After(now); at, ok = s.Next(at) {
			want = at
		}
		if got := newest(s, from, now); !got.Equal(want) {
			rt.Fatalf("%s from %s to %s: %s, want %s", s, from, now, got, want)
		}
	})
}

func TestWhatAReportIsAbout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		r        Report
		from, to time.Time
	}{
		"a night":     {Report{Kind: "backup"}, morning.Add(-24 * time.Hour), morning},
		"a week":      {Report{Kind: "copy", Period: 168 * time.Hour}, morning.AddDate(0, 0, -7), morning},
		"the present": {Report{Kind: "cost"}, time.Time{}, time.Time{}},
	} {
		if w := c.r.wish(morning); !w.From.Equal(c.from) || !w.To.Equal(c.to) {
			t.Errorf("%s: %+v", name, w)
		}
	}
	r := Report{Name: "night", Format: "csv"}
	if got := r.file("acme", morning.In(time.FixedZone("x", 3600))); got != "acme-night-20260302T080000Z.csv" {
		t.Errorf("the file is called %s", got)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{1: time.Minute, 2: 2 * time.Minute, 6: 32 * time.Minute, 7: time.Hour, 1000: time.Hour} {
		if got := pause(n); got != want {
			t.Errorf("after %d: %s, want %s", n, got, want)
		}
	}
}
