package dashboard

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/policy/posture"
	"holdfast/web/frame"
)

// nowPage is the data of now.html.
type nowPage struct {
	frame.Page
	Errors  []string // sources that cannot be asked
	Tiles   []tile
	Needs   []need
	Windows []window
	Slots   []slotRow
	More    int // slots not shown
	Budgets []budgetRow
	Nights  []nightBar
	Ready   bool // there is a night to tell of
	// Old is when the figures were read, where that is long ago; they are being read again.
	Old time.Time
}

// tile is one figure.
type tile struct{ Label, Value, More, Mood, Link string }

// now serves the first page: what happens, and what needs a person.
func (d *Dashboard) now(w http.ResponseWriter, r *http.Request) error {
	page := nowPage{Page: d.live(r, "Now")}
	note := func(err error) {
		if err != nil {
			page.Errors = append(page.Errors, err.Error())
		}
	}
	n, err := d.answers.night.Get(r.Context())
	note(err)
	state, err := d.postures(r.Context())
	note(err)
	if state == nil {
		state = &postures{Counts: map[posture.Status]int{}}
	}
	policies, err := d.answers.policies.Get(r.Context())
	note(err)
	page.Tiles = tilesOf(n, state)
	page.Needs = needsOf(n, state, policies, page.Now)
	page.Windows = windowsOf(n, page.Now)
	page.Nights = nightsOf(n, page.Now)
	if !n.read.IsZero() && clock.System().Now().Sub(n.read) > stale {
		page.Old = n.At
	}
	page.Ready = len(n.Fires) > 0 || len(n.Scopes) > 0
	if d.answers.slots != nil {
		usage, err := d.answers.slots.Get(r.Context())
		note(err)
		page.Slots, page.More = slotsOf(usage)
	}
	if d.answers.budgets != nil {
		levels, err := d.answers.budgets.Get(r.Context())
		note(err)
		page.Budgets = budgetsOf(levels)
	}
	return d.render(w, "now.html", page)
}

// tilesOf sums up the night.
func tilesOf(n night, state *postures) []tile {
	running, waiting := 0, 0
	for _, g := range n.Open {
		if g.State == catalog.Created {
			waiting += g.Jobs
		} else {
			running += g.Jobs
		}
	}
	failed, expired := 0, 0
	for _, g := range n.Ill {
		switch {
		case g.Last.Before(n.Since):
		case g.State == catalog.Expired:
			expired += g.Jobs
		case g.State == catalog.Failed || g.State == catalog.Partial:
			failed += g.Jobs
		}
	}
	since := "&since=" + url.QueryEscape(n.Since.UTC().Format(time.RFC3339))
	total := len(state.Items)
	return []tile{
		{"Protected", frame.Thousands(state.Counts[posture.Met]), "of " + frame.Thousands(total) + " resources, objective met", moodOf(total > 0, "good"), "/resources?status=met"},
		{"Objective missed", frame.Thousands(state.Counts[posture.Missed]), "newest good point too old", moodOf(state.Counts[posture.Missed] > 0, "bad"), "/resources?status=missed"},
		{"Never backed up", frame.Thousands(state.Counts[posture.Never]), "a rule takes them", moodOf(state.Counts[posture.Never] > 0, "bad"), "/resources?status=never"},
		{"Running", frame.Thousands(running), "jobs AWS works on", moodOf(running > 0, "busy"), "/jobs?state=RUNNING&state=ABORTING"},
		{"Waiting", frame.Thousands(waiting), "for a slot or a retry", "", "/jobs?state=CREATED"},
		{"Failed", frame.Thousands(failed), "in the last 24 hours", moodOf(failed > 0, "bad"), "/jobs?state=FAILED&state=PARTIAL" + since},
		{"Expired", frame.Thousands(expired), "window passed, 24 hours", moodOf(expired > 0, "bad"), "/jobs?state=EXPIRED" + since},
	}
}

func moodOf(when bool, mood string) string {
	if when {
		return mood
	}
	return ""
}

// window is one run of a rule and how far it is.
type window struct {
	Plan, Rule             string
	At                     time.Time
	Total                  int
	Done, Running, Waiting int
	Ill                    int
	Deadline               time.Time // the first start window that ends; zero when nothing waits
	Note                   string
	Missed                 bool
	Link                   string
}

// maxWindows is how many runs the first page shows.
const maxWindows = 12

// windowsOf returns the runs of the last day, those with work left first.
func windowsOf(n night, now time.Time) []window {
	type run struct {
		plan, rule string
		at         int64
	}
	open, ill := map[run][]catalog.OpenGroup{}, map[run]int{}
	for _, g := range n.Open {
		if g.Type == driver.Backup {
			key := run{g.Plan, g.Rule, g.FireAt.UnixMilli()}
			open[key] = append(open[key], g)
		}
	}
	for _, g := range n.Ill {
		if g.Type == driver.Backup {
			ill[run{g.Plan, g.Rule, g.FireAt.UnixMilli()}] += g.Jobs
		}
	}
	var list []window
	for _, f := range n.Fires {
		key := run{f.Plan, f.Rule, f.At.UnixMilli()}
		if f.At.Before(n.Since) && len(open[key]) == 0 {
			continue
		}
		w := window{
			Plan: f.Plan, Rule: f.Rule, At: f.At, Total: f.Jobs, Ill: ill[key], Note: f.Note, Missed: f.State == catalog.FireExpired,
			Link: "/jobs?" + url.Values{"plan": {f.Plan}, "rule": {f.Rule}, "fire": {f.At.UTC().Format(time.RFC3339)}}.Encode(),
		}
		w.add(open[key])
		list = append(list, w)
	}
	slices.SortStableFunc(list, func(a, b window) int {
		return cmp.Or(cmp.Compare(boolOrder(b.Running+b.Waiting > 0), boolOrder(a.Running+a.Waiting > 0)), b.At.Compare(a.At))
	})
	return list[:min(len(list), maxWindows)]
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// add counts what is open; the rest is done.
func (w *window) add(open []catalog.OpenGroup) {
	for _, g := range open {
		if g.State != catalog.Created {
			w.Running += g.Jobs
			continue
		}
		w.Waiting += g.Jobs
		if w.Deadline.IsZero() || !g.Deadline.IsZero() && g.Deadline.Before(w.Deadline) {
			w.Deadline = g.Deadline
		}
	}
	w.Total = max(w.Total, w.Running+w.Waiting+w.Ill)
	w.Done = w.Total - w.Running - w.Waiting - w.Ill
}

// Bar returns the parts of the run's bar.
func (w window) Bar() bar { return barOf(w.Total, w.Done, w.Running, w.Ill) }

// nightBar is one night of the chart.
type nightBar struct {
	At        time.Time // the day
	Good, Ill int
}

// nightsOf adds up the backups planned each day, and those of them that did not end well.
func nightsOf(n night, now time.Time) []nightBar {
	const day = 24 * time.Hour
	byDay := map[time.Time]*nightBar{}
	first := now.Truncate(day).Add(-history + day)
	for _, f := range n.Fires {
		at := f.At.Truncate(day)
		if at.Before(first) || f.Jobs == 0 {
			continue
		}
		if byDay[at] == nil {
			byDay[at] = &nightBar{At: at}
		}
		byDay[at].Good += f.Jobs
	}
	for _, g := range n.Ill {
		if bar := byDay[g.FireAt.Truncate(day)]; bar != nil && g.Type == driver.Backup {
			bar.Ill += g.Jobs
		}
	}
	var list []nightBar
	for at := first; !at.After(now); at = at.Add(day) {
		bar := nightBar{At: at}
		if known := byDay[at]; known != nil {
			bar = *known
			bar.Good = max(bar.Good-bar.Ill, 0)
		}
		list = append(list, bar)
	}
	return list
}

// remedyOf is what to do about a class.
func remedyOf(class string) string { return failure.Class(class).Remedy() }
