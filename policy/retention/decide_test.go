package retention

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// made names points after the moments they were created.
func made(moments ...string) (points []Point) {
	for _, m := range moments {
		points = append(points, Point{ID: m, CreatedAt: at(m)})
	}
	return points
}

// kept returns the ids that are kept, newest first.
func kept(decisions []Decision) (ids []string) {
	for _, d := range decisions {
		if d.Keep {
			ids = append(ids, d.Point.ID)
		}
	}
	return ids
}

func TestDecide(t *testing.T) {
	t.Parallel()
	now := at("2026-06-01T00:00:00Z")
	tests := []struct {
		name   string
		policy Policy
		points []Point
		want   []string
	}{
		{"nothing set keeps all", Policy{}, made("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"), []string{"2021-01-01T00:00:00Z", "2020-01-01T00:00:00Z"}},
		{"no points", Policy{KeepLast: 1}, nil, nil},
		{"last", Policy{KeepLast: 2}, made("2026-05-01T00:00:00Z", "2026-05-03T00:00:00Z", "2026-05-02T00:00:00Z"), []string{"2026-05-03T00:00:00Z", "2026-05-02T00:00:00Z"}},
		{"more than there are", Policy{KeepLast: 9}, made("2026-05-01T00:00:00Z"), []string{"2026-05-01T00:00:00Z"}},
		{"age, to the second", Policy{DeleteAfterDays: 30}, made("2026-05-02T00:00:00Z", "2026-05-02T00:00:01Z"), []string{"2026-05-02T00:00:01Z"}},
		{"age never takes the newest", Policy{DeleteAfterDays: 1}, made("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"), []string{"2020-01-02T00:00:00Z"}},
		{"hours", Policy{KeepHourly: 2}, made("2026-05-01T01:00:00Z", "2026-05-01T02:10:00Z", "2026-05-01T02:50:00Z"), []string{"2026-05-01T02:50:00Z", "2026-05-01T01:00:00Z"}},
		{"days without points do not count", Policy{KeepDaily: 2}, made("2026-01-01T01:00:00Z", "2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z", "2025-01-01T00:00:00Z"), []string{"2026-03-01T02:00:00Z", "2026-01-01T01:00:00Z"}},
		{
			"weeks are ISO weeks, also over the turn of the year", Policy{KeepWeekly: 2},
			made("2025-12-28T12:00:00Z", "2025-12-29T12:00:00Z", "2026-01-04T12:00:00Z", "2026-01-05T12:00:00Z"), // Sunday, Monday, Sunday, Monday
			[]string{"2026-01-05T12:00:00Z", "2026-01-04T12:00:00Z"},
		},
		{"months", Policy{KeepMonthly: 2}, made("2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z", "2026-04-30T23:59:59Z", "2026-05-01T00:00:00Z"), []string{"2026-05-01T00:00:00Z", "2026-04-30T23:59:59Z"}},
		{"years", Policy{KeepYearly: 2}, made("2024-06-01T00:00:00Z", "2025-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z"), []string{"2026-01-01T00:00:00Z", "2025-06-01T00:00:00Z"}},
		{
			"days begin in the zone", Policy{KeepDaily: 1, Location: zone(t, "Asia/Tokyo")}, // 15:00 UTC is midnight
			made("2026-05-01T14:59:00Z", "2026-05-01T15:00:00Z"), []string{"2026-05-01T15:00:00Z"},
		},
		{
			"a day of 25 hours is one day", Policy{KeepDaily: 3, Location: zone(t, "Europe/Berlin")},
			made("2025-10-25T22:00:00Z", "2025-10-26T22:59:00Z", "2025-10-26T23:00:00Z"), []string{"2025-10-26T23:00:00Z", "2025-10-26T22:59:00Z"},
		},
		{
			"parts of a policy add up", Policy{DeleteAfterDays: 3, KeepLast: 1, KeepMonthly: 2},
			made("2026-05-31T00:00:00Z", "2026-05-30T00:00:00Z", "2026-05-20T00:00:00Z", "2026-04-30T00:00:00Z", "2026-04-29T00:00:00Z"),
			[]string{"2026-05-31T00:00:00Z", "2026-05-30T00:00:00Z", "2026-04-30T00:00:00Z"},
		},
		{
			"the stamp on the point decides about age", Policy{DeleteAfterDays: 1},
			[]Point{
				{ID: "late", CreatedAt: at("2026-01-01T00:00:00Z"), DeleteAt: at("2026-06-01T00:00:01Z")},
				{ID: "over", CreatedAt: at("2026-05-31T12:00:00Z"), DeleteAt: at("2026-06-01T00:00:00Z")},
				{ID: "newest", CreatedAt: at("2026-05-31T13:00:00Z")},
			}, []string{"newest", "late"},
		},
		{
			"unusable points count for nothing", Policy{KeepLast: 1},
			[]Point{
				{ID: "broken", CreatedAt: at("2026-05-31T12:00:00Z"), Unusable: "state FAILED"},
				{ID: "good", CreatedAt: at("2026-05-30T12:00:00Z")}, {ID: "old", CreatedAt: at("2026-05-29T12:00:00Z")},
			}, []string{"broken", "good"},
		},
		{
			"points from the future count for nothing", Policy{KeepLast: 1},
			[]Point{{ID: "future", CreatedAt: at("2026-06-02T00:00:00Z")}, {ID: "good", CreatedAt: at("2026-05-30T12:00:00Z")}}, []string{"future", "good"},
		},
		{
			"holds", Policy{KeepLast: 1},
			[]Point{{ID: "new", CreatedAt: at("2026-05-31T12:00:00Z")}, {ID: "held", CreatedAt: at("2020-05-30T12:00:00Z"), Held: "legal"}}, []string{"new", "held"},
		},
		{
			"series do not stand in for each other", Policy{KeepLast: 1},
			[]Point{
				{ID: "a1", Series: "a", CreatedAt: at("2020-01-01T00:00:00Z")}, {ID: "b1", Series: "b", CreatedAt: at("2026-01-01T00:00:00Z")},
				{ID: "b0", Series: "b", CreatedAt: at("2025-01-01T00:00:00Z")},
			}, []string{"a1", "b1"},
		},
		{
			"one instant: ids decide", Policy{KeepLast: 1},
			[]Point{{ID: "b", CreatedAt: at("2026-01-01T00:00:00Z")}, {ID: "a", CreatedAt: at("2026-01-01T00:00:00Z")}}, []string{"a"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, kept(Decide(tt.policy, tt.points, now))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReasons shows a year of daily points through a usual policy; the file is what an
// operator would read.
func TestReasons(t *testing.T) {
	t.Parallel()
	var points []Point
	for day := range 400 {
		p := Point{CreatedAt: at("2026-06-01T03:00:00Z").AddDate(0, 0, -day)}
		p.ID = "p" + p.CreatedAt.Format("20060102")
		points = append(points, p)
	}
	points[5].Unusable, points[40].Held = "state FAILED", "legal hold case-7"
	policy := Policy{DeleteAfterDays: 7, KeepLast: 2, KeepDaily: 10, KeepWeekly: 4, KeepMonthly: 6, KeepYearly: 2, Location: zone(t, "Europe/Berlin")}
	var b strings.Builder
	for _, d := range Decide(policy, points, at("2026-06-01T12:00:00Z")) {
		what := "delete"
		if d.Keep {
			what = "keep  "
		}
		fmt.Fprintf(&b, "%s %s %s\n", what, d.Point.ID, strings.Join(d.Reasons, "; "))
	}
	golden.Text(t, "testdata/reasons.golden", b.String())
}

func policies(t *testing.T) *rapid.Generator[Policy] {
	zones := []*time.Location{nil, zone(t, "America/Chicago"), zone(t, "Australia/Lord_Howe")}
	return rapid.Custom(func(t *rapid.T) Policy {
		count := rapid.IntRange(0, 4)
		return Policy{
			DeleteAfterDays: count.Draw(t, "days"), KeepLast: count.Draw(t, "last"), KeepHourly: count.Draw(t, "hourly"),
			KeepDaily: count.Draw(t, "daily"), KeepWeekly: count.Draw(t, "weekly"), KeepMonthly: count.Draw(t, "monthly"),
			KeepYearly: count.Draw(t, "yearly"), Location: rapid.SampledFrom(zones).Draw(t, "zone"),
		}
	})
}

var instants = rapid.Custom(func(t *rapid.T) time.Time {
	span := rapid.SampledFrom([]int{3600, 86_400, 3_000_000, 90_000_000}).Draw(t, "span")
	return at("2026-11-01T07:00:00Z").Add(-time.Duration(rapid.IntRange(-3600, span).Draw(t, "age")) * time.Second)
})

var pointLists = rapid.Custom(func(t *rapid.T) (points []Point) {
	for i := range rapid.IntRange(0, 40).Draw(t, "points") {
		p := Point{ID: fmt.Sprint("p", i), CreatedAt: instants.Draw(t, "created"), Series: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "series")}
		switch rapid.IntRange(0, 9).Draw(t, "special") {
		case 0:
			p.Unusable = "state FAILED"
		case 1:
			p.Held = "legal"
		case 2:
			p.DeleteAt = instants.Draw(t, "delete at")
		}
		points = append(points, p)
	}
	return points
})

// newestGood returns the newest point of each series that could be restored at now.
func newestGood(points []Point, now time.Time) map[string]Point {
	newest := map[string]Point{}
	for _, p := range points {
		if n, ok := newest[p.Series]; p.Unusable == "" && !p.CreatedAt.After(now) && (!ok || order(p, n) < 0) {
			newest[p.Series] = p
		}
	}
	return newest
}

func TestDecideProperties(t *testing.T) {
	t.Parallel()
	generate := policies(t)
	rapid.Check(t, func(t *rapid.T) {
		policy, points, now := generate.Draw(t, "policy"), pointLists.Draw(t, "list"), instants.Draw(t, "now")
		decisions := Decide(policy, points, now)
		if len(decisions) != len(points) {
			t.Fatalf("%d decisions about %d points", len(decisions), len(points))
		}
		var left []Point
		for _, d := range decisions {
			if len(d.Reasons) == 0 {
				t.Fatalf("no reason for %+v", d)
			}
			if d.Keep {
				left = append(left, d.Point)
			} else if d.Point.Held != "" || d.Point.Unusable != "" || d.Point.CreatedAt.After(now) {
				t.Fatalf("deletes %+v", d)
			}
		}
		for series, p := range newestGood(points, now) {
			if !slices.ContainsFunc(left, func(k Point) bool { return k.ID == p.ID }) {
				t.Fatalf("the newest good point %s of %s is deleted", p.ID, series)
			}
		}
		again := Decide(policy, left, now)
		if diff := cmp.Diff(kept(decisions), kept(again)); diff != "" {
			t.Fatalf("deciding about what is left deletes more:\n%s", diff)
		}
		shuffled := slices.Clone(points)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(decisions, Decide(policy, shuffled, now)); diff != "" {
			t.Fatalf("another order of the points decides otherwise:\n%s", diff)
		}
	})
}

// TestTimeAloneDeletesNothingThatIsCounted: when backups stop, counts keep what they keep.
func TestTimeAloneDeletesNothingThatIsCounted(t *testing.T) {
	t.Parallel()
	generate := policies(t)
	rapid.Check(t, func(t *rapid.T) {
		policy, points := generate.Draw(t, "policy"), pointLists.Draw(t, "list")
		policy.DeleteAfterDays = 0
		for i := range points {
			points[i].DeleteAt = time.Time{}
		}
		now := at("2026-11-01T09:00:00Z") // after every point
		soon, late := Decide(policy, points, now), Decide(policy, points, now.AddDate(50, 0, 0))
		if diff := cmp.Diff(soon, late); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	var points []Point
	for hour := range 100_000 {
		p := Point{ID: fmt.Sprint(hour), CreatedAt: at("2026-01-01T00:00:00Z").Add(time.Duration(hour) * time.Hour)}
		points = append(points, p)
	}
	policy := Policy{DeleteAfterDays: 7, KeepHourly: 48, KeepDaily: 30, KeepWeekly: 12, KeepMonthly: 24, KeepYearly: 9}
	now := at("2040-01-01T00:00:00Z")
	b.ReportAllocs()
	for b.Loop() {
		Decide(policy, points, now)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(points)), "ns/point")
}
