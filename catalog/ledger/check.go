package ledger

import (
	"fmt"
	"strconv"
	"time"

	"holdfast/catalog"
)

// What can be wrong.
const (
	Changed   = "changed"   // an event says something else than when it was sealed
	Missing   = "missing"   // a sealed event is gone and was not pruned
	Reordered = "reordered" // an event has the place of another
	Added     = "added"     // an event among sealed ones that no seal knows
	Broken    = "broken"    // a seal does not fit its contents, its signature or the one before
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind    string `json:"kind"`
	Segment int64  `json:"segment"`
	Event   int64  `json:"event,omitempty"` // its sequence number
	Message string `json:"message"`
}

// Tail are the events that no seal has yet.
type Tail struct {
	Events int       `json:"events"`
	First  int64     `json:"first,omitempty"`
	Last   int64     `json:"last,omitempty"`
	Oldest time.Time `json:"oldest,omitzero"`
}

// Report is the result of a check.
type Report struct {
	Segments int       `json:"segments"`
	Events   int       `json:"events"` // sealed and as they were sealed
	Pruned   int       `json:"pruned"` // sealed and removed since, by age
	Signed   int       `json:"signed"` // segments with a signature of a key we have
	Head     string    `json:"head"`   // number:hash of the newest seal
	Unsealed Tail      `json:"unsealed"`
	Findings []Finding `json:"findings"`
	Omitted  int       `json:"omitted_findings,omitempty"`
}

// Good reports whether nothing is wrong.
func (r Report) Good() bool { return len(r.Findings) == 0 }

const (
	maxFindings = 1000
	// maxMoved bounds what is remembered to tell moved events from changed ones.
	maxMoved = 100_000
)

// Checker compares events with their seals. Give it every seal with the events that are
// there from after the seal before it to its Last, then the tail, and take the Report.
type Checker struct {
	keys   Keys
	anchor string // number:hash of a seal that must be in the chain
	report Report
	last   catalog.Seal
	signed bool // a signed seal was seen
	// strange are events that do not fit and absent those that are gone, until all is
	// known: what is strange may have been moved, and what is gone pruned.
	strange  []stranger
	absent   []absence
	recorded map[digest]int64 // what absent and changed events said, by number
	pruned   int64            // events up to here may be gone
	prunedAt time.Time
}

type stranger struct {
	segment, seq int64
	known        bool // the number is in the roll
	has          digest
}

// absence is a run of events of one segment that are gone.
type absence struct {
	segment, first, last int64
	events               int
	newest               time.Time
}

// leastAge is how old history is at least before it is pruned (retention.history_days).
const leastAge = 24 * time.Hour

// NewChecker returns a checker. anchor, when not empty, is the Head of an earlier report:
// the chain must still have that seal.
func NewChecker(keys Keys, anchor string) *Checker {
	return &Checker{keys: keys, anchor: anchor, recorded: map[digest]int64{}}
}

// head names a seal.
func head(s catalog.Seal) string {
	if s.Number == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%s", s.Number, s.Hash)
}

// Segment checks one seal and its events.
func (c *Checker) Segment(s catalog.Seal, events []catalog.Event) {
	c.chain(s)
	c.signature(s)
	entries, err := parseRoll(s.Roll, c.last.Last)
	switch {
	case s.Roll == "":
		c.absent = append(c.absent, absence{s.Number, s.First, s.Last, s.Events, s.Newest})
	case err != nil:
		c.add(Broken, s.Number, 0, "%v", err)
	case hashText([]byte(s.Roll)) != s.Digest:
		c.add(Broken, s.Number, 0, "the list of its events was changed")
	}
	c.compare(s, entries, events)
	if head(s) == c.anchor {
		c.anchor = ""
	}
	c.last = s
	c.report.Segments++
}

// chain checks that s is whole and follows the seal before.
func (c *Checker) chain(s catalog.Seal) {
	switch {
	case s.Number != c.last.Number+1:
		c.add(Broken, s.Number, 0, "seal %d is missing before it", c.last.Number+1)
	case s.Previous != c.last.Hash:
		c.add(Broken, s.Number, 0, "it does not follow seal %d, which was replaced", c.last.Number)
	case s.First <= c.last.Last:
		c.add(Broken, s.Number, 0, "it begins before the end of seal %d", c.last.Number)
	}
	if sealHash(s) != s.Hash {
		c.add(Broken, s.Number, 0, "its hash does not fit what it says")
	}
}

// signature checks who sealed: after the first signed seal all must be.
func (c *Checker) signature(s catalog.Seal) {
	switch c.keys.check(s) {
	case signed:
		c.report.Signed++
		c.signed = true
	case forged:
		c.add(Broken, s.Number, 0, "its signature was not made with key %s", s.KeyID)
	case unknownKey:
		if c.keys.any() {
			c.add(Broken, s.Number, 0, "it is signed with key %s, which is neither the current nor the previous one", s.KeyID)
		}
	case unsigned:
		if c.signed {
			c.add(Broken, s.Number, 0, "it is not signed although seals before it are")
		}
	}
}

// compare holds the events of a segment against its roll.
func (c *Checker) compare(s catalog.Seal, entries []entry, events []catalog.Event) {
	i := 0
	run := absence{segment: s.Number, newest: s.Newest}
	for _, want := range entries {
		for ; i < len(events) && events[i].Seq < want.seq; i++ {
			c.suspect(s.Number, events[i], false)
		}
		if i == len(events) || events[i].Seq != want.seq {
			if run.events == 0 {
				run.first = want.seq
			}
			run.last, run.events = want.seq, run.events+1
			c.remember(want)
			continue
		}
		c.endRun(&run)
		if digestOf(events[i]) == want.digest {
			c.report.Events++
			c.notePruning(events[i])
		} else {
			c.suspect(s.Number, events[i], true)
			c.remember(want)
		}
		i++
	}
	c.endRun(&run)
	for ; i < len(events); i++ {
		c.suspect(s.Number, events[i], false)
	}
}

// endRun keeps a run of absent events and begins the next.
func (c *Checker) endRun(run *absence) {
	if run.events > 0 {
		c.absent = append(c.absent, *run)
		run.events = 0
	}
}

// suspect keeps an event that does not fit.
func (c *Checker) suspect(segment int64, e catalog.Event, known bool) {
	if len(c.strange) == maxMoved {
		c.report.Omitted++
		return
	}
	c.strange = append(c.strange, stranger{segment, e.Seq, known, digestOf(e)})
}

func (c *Checker) remember(e entry) {
	if len(c.recorded) < maxMoved {
		c.recorded[e.digest] = e.seq
	}
}

// notePruning takes from an event of pruning what may be missing.
func (c *Checker) notePruning(e catalog.Event) {
	if e.Type != catalog.EventPruned {
		return
	}
	if through, err := strconv.ParseInt(e.To, 10, 64); err == nil && through > c.pruned {
		c.pruned, c.prunedAt = through, e.At
	}
}

// Tail takes events that come after the last seal.
func (c *Checker) Tail(events []catalog.Event) {
	for _, e := range events {
		t := &c.report.Unsealed
		if t.Events == 0 {
			t.First = e.Seq
		}
		if t.Oldest.IsZero() || e.At.Before(t.Oldest) {
			t.Oldest = e.At
		}
		t.Events, t.Last = t.Events+1, e.Seq
		c.notePruning(e)
	}
}

// Report ends the check.
func (c *Checker) Report() Report {
	for _, a := range c.absent {
		switch {
		case a.last <= c.pruned && a.newest.Before(c.prunedAt.Add(-leastAge)):
			c.report.Pruned += a.events
		case a.events == 1:
			c.add(Missing, a.segment, a.first, "event %d was sealed and is gone", a.first)
		default:
			c.add(Missing, a.segment, a.first, "%d events from %d to %d were sealed and are gone", a.events, a.first, a.last)
		}
	}
	for _, s := range c.strange {
		from, moved := c.recorded[s.has]
		switch {
		case moved:
			c.add(Reordered, s.segment, s.seq, "event %d has what was sealed as event %d", s.seq, from)
		case s.known:
			c.add(Changed, s.segment, s.seq, "event %d says something else than when it was sealed", s.seq)
		default:
			c.add(Added, s.segment, s.seq, "event %d was put among sealed events", s.seq)
		}
	}
	if c.anchor != "" {
		c.add(Broken, c.last.Number, 0, "no seal is %s: the chain was cut or replaced", c.anchor)
	}
	if c.keys.any() && c.last.Number > 0 && c.keys.check(c.last) == unsigned {
		c.add(Broken, c.last.Number, 0, "the newest seal is not signed although there is a key")
	}
	c.report.Head = head(c.last)
	return c.report
}

func (c *Checker) add(kind string, segment, event int64, format string, args ...any) {
	if len(c.report.Findings) == maxFindings {
		c.report.Omitted++
		return
	}
	c.report.Findings = append(c.report.Findings, Finding{Kind: kind, Segment: segment, Event: event, Message: fmt.Sprintf(format, args...)})
}
