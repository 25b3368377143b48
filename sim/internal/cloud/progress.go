package cloud

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/driver"
)

// Progress is one operation that takes time. What it is doing follows from the clock.
type Progress struct {
	Start, End time.Time
	Failure    string // why it will fail; empty when it will succeed
	Missing    string // which members of a composite resource its success lacks
	id         string
	gauges     []Gauge
}

// Running reports whether the operation is in progress at an instant.
func (p Progress) Running(now time.Time) bool { return now.Before(p.End) }

// Succeeded reports whether it is over and went well.
func (p Progress) Succeeded(now time.Time) bool { return !p.Running(now) && p.Failure == "" }

// Failed reports whether it is over and went wrong.
func (p Progress) Failed(now time.Time) bool { return !p.Running(now) && p.Failure != "" }

// Percent returns how far the operation is, 0 to 100. A failed one stays short of the end.
func (p Progress) Percent(now time.Time) int {
	if p.Failed(now) {
		return 99
	}
	total := p.End.Sub(p.Start)
	if total <= 0 || !p.Running(now) {
		return 100
	}
	return int(100 * now.Sub(p.Start) / total)
}

// Gauge names a set of operations counted together. Empty fields stand for all.
type Gauge struct {
	Account   string `json:"account,omitempty"`
	Region    string `json:"region,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Operation string `json:"operation,omitempty"` // backup, copy, restore or Making
}

// Making stands, as the operation of a Gauge, for backups and copies together: what makes
// something to keep.
const Making = "backup or copy"

// Begin records that operation id (backup, copy or restore of a kind) starts in the place
// of the call and takes d. Its failure is decided here: that of an injected fault, or the
// given one.
func (c *Call) Begin(kind, operation, id string, d time.Duration, failure string) Progress {
	if c.within != nil {
		return *c.within
	}
	if c.fate != "" {
		failure = c.fate
	}
	a, r := c.Place.Account, c.Place.Region
	p := Progress{Start: c.Now, End: c.Now.Add(d), Failure: failure, Missing: c.lacks, id: operation + "|" + r + "|" + id, gauges: []Gauge{
		{a, r, kind, operation}, {a, "", "", operation}, {a, "", "", ""}, {"", "", "", operation}, {},
	}}
	if operation != string(driver.Restore) {
		p.gauges = append(p.gauges, Gauge{Account: a, Operation: Making})
	}
	c.org.running.begin(p, c.Now)
	return p
}

// Cancel ends an operation at once, as a deletion of its artefact does.
func (c *Call) Cancel(p *Progress) {
	if p.Running(c.Now) {
		c.org.running.end(*p)
		p.End = c.Now
	}
}

// gauges counts operations in progress and remembers the most there ever were. The count
// of a gauge is brought up to date when an operation begins, which is when it can be
// highest, and when somebody looks.
type gauges struct {
	mu      sync.Mutex
	running map[Gauge]map[string]time.Time // id to end
	most    map[Gauge]int
}

func (g *gauges) begin(p Progress, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range p.gauges {
		set := g.running[key]
		if set == nil {
			set = map[string]time.Time{}
			g.running[key] = set
		}
		// Counting those that ended matters only when it could make a new maximum.
		if len(set) >= g.most[key] {
			sweep(set, now)
		}
		set[p.gauges[0].Account+"|"+p.id] = p.End
		g.most[key] = max(g.most[key], len(set))
	}
}

func (g *gauges) end(p Progress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range p.gauges {
		delete(g.running[key], p.gauges[0].Account+"|"+p.id)
	}
}

func sweep(set map[string]time.Time, now time.Time) {
	for id, end := range set {
		if !now.Before(end) {
			delete(set, id)
		}
	}
}

// InProgress returns how many operations of a gauge are in progress now. Gauges exist for
// (account, region, kind, operation), (account, operation), (account, Making), account,
// operation, and all.
func (o *Organization) InProgress(g Gauge) int {
	o.running.mu.Lock()
	defer o.running.mu.Unlock()
	sweep(o.running.running[g], o.clock.Now())
	return len(o.running.running[g])
}

// MaxInProgress returns the most operations of a gauge that ever were in progress at once.
func (o *Organization) MaxInProgress(g Gauge) int {
	o.running.mu.Lock()
	defer o.running.mu.Unlock()
	return o.running.most[g]
}

// Level is the reading of one gauge.
type Level struct {
	Gauge Gauge `json:"gauge"`
	Now   int   `json:"now"`
	Most  int   `json:"most"`
}

// Levels returns the reading of every gauge that ever counted anything, in a fixed order.
func (o *Organization) Levels() []Level {
	o.running.mu.Lock()
	defer o.running.mu.Unlock()
	now := o.clock.Now()
	levels := make([]Level, 0, len(o.running.most))
	for g, most := range o.running.most {
		sweep(o.running.running[g], now)
		levels = append(levels, Level{Gauge: g, Now: len(o.running.running[g]), Most: most})
	}
	slices.SortFunc(levels, func(a, b Level) int {
		return cmp.Or(strings.Compare(a.Gauge.Account, b.Gauge.Account), strings.Compare(a.Gauge.Region, b.Gauge.Region),
			strings.Compare(a.Gauge.Kind, b.Gauge.Kind), strings.Compare(a.Gauge.Operation, b.Gauge.Operation))
	})
	return levels
}
