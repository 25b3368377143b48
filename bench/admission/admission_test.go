package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/internal/clock"
	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"output":    {[]string{"--output", "yaml"}, "use text or json"},
		"load":      {[]string{"--load", "food"}, "the loads are flood, short, spread, equal, long, million"},
		"contender": {[]string{"--contenders", "river"}, "the contenders are asynq, semaphore, holdfast"},
		"waves":     {[]string{"--waves", "1"}, "at least 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), c.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// The ideal and the tally on a load one can work out by hand: one slot an account, a
// crowd of three jobs and a small account with one, ten seconds each.
func TestTally(t *testing.T) {
	t.Parallel()
	const takes = 10 * time.Second
	l := load{name: "hand", slots: 1, shortest: takes, longest: takes}
	l.add(3, flooder, 1, false, always(takes))
	l.add(1, accountID(0), 1, true, always(takes))
	if l.ideal() != 30*time.Second || l.without().ideal() != takes {
		t.Errorf("ideals %s and %s", l.ideal(), l.without().ideal())
	}
	c := clock.NewManual(time.Unix(1000, 0))
	tally := newTally(l, c, 1)
	tally.open()
	play := func(after time.Duration, w work) {
		c.Advance(after)
		tally.began(w)
	}
	play(0, l.works[0])
	play(2*time.Second, l.works[3])
	play(10*time.Second, l.works[1]) // at 12 s, two seconds after its slot was free
	play(5*time.Second, l.works[2])  // at 17 s, over the cap
	c.Advance(23 * time.Second)
	for _, w := range l.works {
		tally.finished(w.job.ID)
		tally.finished(w.job.ID) // twice counts once
	}
	got := tally.close()
	want := outcome{
		JobsPerSecond: 0.1, MakespanRatio: 40.0 / 30, SlotUtilisation: 15.0 / 17, AttemptsPerJob: 1, OverCap: 1, P99WaitSeconds: 2,
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestLoadsAreWhatTheirNamesSay(t *testing.T) {
	t.Parallel()
	for _, l := range loads(sizes{waves: 12, short: 10_000, million: 5000}) {
		crowd, small := 0, 0
		ids := map[string]bool{}
		var job catalog.Job
		for _, w := range l.works {
			if ids[w.job.ID] {
				t.Fatalf("%s: job %s is there twice", l.name, w.job.ID)
			}
			ids[w.job.ID] = true
			if w.small {
				small++
			} else {
				crowd++
			}
			job = w.job
		}
		if small == 0 || crowd < small || job.Account == "" {
			t.Errorf("%s: a crowd of %d and %d others", l.name, crowd, small)
		}
		if l.name == "flood" && crowd != small {
			t.Errorf("the flooder has %d jobs, the others %d", crowd, small)
		}
	}
}

// A small run: Holdfast never exceeds a cap, begins no job twice and leaves
// none.
func TestHoldfastHoldsItsCaps(t *testing.T) {
	testkit.Integration(t)
	var out bytes.Buffer
	args := []string{"--load", "flood,short", "--contenders", "holdfast", "--waves", "2", "--short-jobs", "200", "--output", "json"}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Loads) != 2 {
		t.Fatalf("%d loads, want 2", len(doc.Loads))
	}
	for _, l := range doc.Loads {
		o, ok := l.Contenders[nameHoldfast]
		if !ok || o.OverCap != 0 || o.AttemptsPerJob != 1 || o.Unfinished != 0 || o.JobsPerSecond <= 0 {
			t.Errorf("%s: %+v", l.Name, o)
		}
	}
}
