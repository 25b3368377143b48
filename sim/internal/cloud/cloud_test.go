package cloud

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/driver"
	"holdfast/internal/clock"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// A bucket never lets more through in any span than its capacity and what flowed in.
func TestBucketNeverOverflows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := Bucket{
			Capacity: float64(rapid.IntRange(1, 20).Draw(t, "capacity")), Refill: float64(rapid.IntRange(1, 20).Draw(t, "refill")),
		}
		b := buckets{levels: map[bucketKey]level{}}
		now := start
		var granted []time.Time
		for range rapid.IntRange(1, 100).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "wait")) * time.Millisecond)
			if b.take(Place{}, "op", limit, now) {
				granted = append(granted, now)
			}
		}
		for i := range granted {
			for j := i; j < len(granted); j++ {
				most := limit.Capacity + limit.Refill*granted[j].Sub(granted[i]).Seconds()
				if n := float64(j - i + 1); n > most+1e-6 {
					t.Fatalf("%v calls in %v with %+v", n, granted[j].Sub(granted[i]), limit)
				}
			}
		}
	})
}

// Whatever comes and goes between the pages, what was there all the time is given once.
func TestPagesMissNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-f]{1,4}`), 1, 40, rapid.ID).Draw(t, "ids")
		come := rapid.SliceOfN(rapid.StringMatching(`[g-k]{1,4}|[a-f]{5}`), 0, 10).Draw(t, "come")
		limit := rapid.IntRange(1, 7).Draw(t, "limit")
		seen := map[string]int{}
		token := ""
		for round := 0; ; round++ {
			if round < len(come) {
				ids = append(ids, come[round])
			}
			now := slices.Compact(slices.Sorted(slices.Values(ids)))
			page, next, err := Page(now, func(s string) string { return s }, token, limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > limit {
				t.Fatalf("a page of %d with a limit of %d", len(page), limit)
			}
			for _, id := range page {
				seen[id]++
			}
			if token = next; next == "" {
				break
			}
		}
		for _, id := range ids[:len(ids)-min(len(come), len(ids))] {
			if seen[id] != 1 {
				t.Fatalf("%q was given %d times", id, seen[id])
			}
		}
	})
}

func newOrganization(t *testing.T, o Options) (*Organization, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(start)
	o.Clock = c
	org, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return org, c
}

// The gauges agree with counting by hand.
func TestGaugesAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		org, c := newOrganization(t, Options{})
		gauge := Gauge{Account: "a"}
		var ends []time.Time
		running := func() (n int) {
			for _, end := range ends {
				if c.Now().Before(end) {
					n++
				}
			}
			return n
		}
		most := 0
		var begun []*Progress
		for i := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			call := org.call(t.Context(), Place{"a", "r"})
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				c.Advance(time.Duration(rapid.IntRange(1, 100).Draw(rt, "seconds")) * time.Second)
			case 1:
				if len(begun) > 0 {
					n := rapid.IntRange(0, len(begun)-1).Draw(rt, "which")
					call.Cancel(begun[n])
					if c.Now().Before(ends[n]) {
						ends[n] = c.Now()
					}
				}
			default:
				d := time.Duration(rapid.IntRange(1, 100).Draw(rt, "takes")) * time.Second
				p := call.Begin("k", "backup", fmt.Sprint(i), d, "")
				begun, ends = append(begun, &p), append(ends, c.Now().Add(d))
				most = max(most, running())
			}
			if got := org.InProgress(gauge); got != running() {
				rt.Fatalf("%d in progress, want %d", got, running())
			}
		}
		if got := org.MaxInProgress(gauge); got != most {
			rt.Fatalf("at most %d at once, want %d", got, most)
		}
	})
}

func TestSeed(t *testing.T) {
	t.Parallel()
	here, there := Place{"a", "r"}, Place{"b", "r"}
	one, two, other := newSeed(1), newSeed(1), newSeed(2)
	// What happens elsewhere in between changes nothing here.
	two.hex(there, "x-", 8)
	first, second := one.hex(here, "x-", 8), two.hex(here, "x-", 8)
	if first != second || first == other.hex(here, "x-", 8) || first == one.hex(here, "x-", 8) {
		t.Errorf("ids of a place must follow from the seed and differ: %s %s", first, second)
	}
	var below int
	for range 10_000 {
		if one.chance("c") < 0.3 {
			below++
		}
	}
	if below < 2800 || below > 3200 {
		t.Errorf("a chance of 0.3 came true %d times of 10000", below)
	}
}

func TestFaultRates(t *testing.T) {
	t.Parallel()
	org, _ := newOrganization(t, Options{Seed: 3, Rates: Rates{Throttle: 0.1, ServerError: 0.2, LostAnswer: 0.1, FailLater: 0.1}})
	hits := map[Effect]int{}
	for range 10_000 {
		if f, ok := org.faults.pick(Request{Place: Place{"a", "r"}, Operation: "Op"}, "s"); ok {
			hits[f.Effect]++
		}
	}
	for effect, want := range map[Effect]int{Throttle: 1000, ServerError: 2000, LostAnswer: 1000, FailLater: 1000} {
		if got := hits[effect]; got < want*9/10 || got > want*11/10 {
			t.Errorf("%s hit %d of 10000 calls, want about %d", effect, got, want)
		}
	}
}

func TestFaultsMatchAndRunOut(t *testing.T) {
	t.Parallel()
	org, _ := newOrganization(t, Options{})
	org.Inject(Fault{Service: "s", Operation: "Op", Account: "a", Region: "r", Times: 2, Effect: Denied})
	org.Inject(Fault{Account: "z", Effect: Denied})
	request := Request{Place: Place{"a", "r"}, Operation: "Op"}
	var got []bool
	for _, r := range []Request{
		{Place: Place{"b", "r"}, Operation: "Op"}, {Place: Place{"a", "q"}, Operation: "Op"}, {Place: Place{"a", "r"}, Operation: "Other"},
		request, request, request,
	} {
		_, hit := org.faults.pick(r, "s")
		got = append(got, hit)
	}
	if diff := cmp.Diff([]bool{false, false, false, true, true, false}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Fault{{Account: "z", Effect: Denied}}, org.Unfired()); diff != "" {
		t.Errorf("unfired: %s", diff)
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	tags := driver.Mark{Installation: "i", JobID: "j"}.Tags(nil)
	at := func(from, to int) Artefact {
		a := Artefact{Tags: tags, CreatedAt: start.Add(time.Duration(from) * time.Minute)}
		if to > 0 {
			a.DeletedAt = start.Add(time.Duration(to) * time.Minute)
		}
		return a
	}
	for _, tc := range []struct {
		name    string
		history []Artefact
		want    int
	}{
		{"one", []Artefact{at(0, 0)}, 0},
		{"both live", []Artefact{at(0, 0), at(5, 0)}, 1},
		{"both deleted, together for a while", []Artefact{at(0, 10), at(5, 20)}, 1},
		{"one after the other", []Artefact{at(0, 5), at(5, 0)}, 0},
		{"three", []Artefact{at(0, 0), at(1, 0), at(2, 0)}, 2},
		{"without a mark", []Artefact{{CreatedAt: start}, {CreatedAt: start}}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := len(Duplicates(tc.history)); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
