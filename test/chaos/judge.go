package chaos

import (
	"context"
	"fmt"
	"time"

	"holdfast/driver"
	"holdfast/sim"
)

// judge counts what came of the seed.
func (r *run) judge(ctx context.Context) (Counts, error) {
	jobs, err := r.jobsOf(ctx)
	if err != nil {
		return Counts{}, fmt.Errorf("count the jobs of seed %d: %w", r.seed, err)
	}
	c := evidence{
		history: r.world.History(), expected: r.world.Expected, nights: nights, asked: r.asked, held: r.held, life: 24 * time.Hour, away: r.world.Regions()[1],
	}.counts()
	r.explain(ctx, c.findings)
	counts := c.Counts
	counts.Seed, counts.Jobs, counts.Faults = r.seed, len(jobs), r.faults
	over := r.overCap()
	if r.faults["redis_failover"] > 0 {
		counts.overAfterSwitch = over
	} else {
		counts.OverCap = over
	}
	return counts, nil
}

// overCap counts the accounts whose operations ever were more than their cap.
func (r *run) overCap() (over int) {
	for _, account := range r.world.Accounts() {
		for gauge, limit := range map[sim.Gauge]int{
			{Account: account, Operation: sim.Making}:             accountCap,
			{Account: account, Operation: string(driver.Restore)}: restoreCap,
		} {
			if most := r.world.MaxInProgress(gauge); most > limit {
				r.say("OVER CAP: account %s had %d operations (%s) in progress at once, cap %d", account, most, gauge.Operation, limit)
				over++
			}
		}
	}
	return over
}

// evidence is what is known of a seed without asking the product.
type evidence struct {
	history  []sim.Artefact
	expected []sim.Expectation
	nights   []time.Time
	asked    []asked
	held     map[string]bool // jobs whose points were held from the end of the first night on
	life     time.Duration   // of what the rules make
	away     string          // the region copies go to
}

// verdict is what the evidence says.
type verdict struct {
	Counts
	findings []finding
}

// finding is one thing that went wrong.
type finding struct {
	text string
	jobs []string // whose history may tell why
	arn  string   // of the resource, where no job is known
}

func (v *verdict) find(count *int, f finding, format string, args ...any) {
	*count++
	f.text = fmt.Sprintf(format, args...)
	v.findings = append(v.findings, f)
}

// counts is pure.
func (e evidence) counts() verdict {
	var v verdict
	e.backups(&v)
	e.copies(&v)
	e.restores(&v)
	e.deletions(&v)
	return v
}

// backups counts what was due and has no artefact, and what was made twice. That restored
// resources are backed up as well is as it should be: they carry their sources' tags.
func (e evidence) backups(v *verdict) {
	judged := sim.Judge(e.history, sim.Case{Expected: e.expected, Fires: func(string, string) []time.Time { return e.nights }})
	for _, due := range judged.Lost {
		v.find(&v.Lost, finding{arn: due.ResourceARN}, "LOST: backup of %s by %s/%s of %s", due.ResourceARN, due.Plan, due.Rule, due.Fire.Format(time.DateTime))
	}
	for _, a := range judged.Duplicates {
		v.find(&v.Duplicates, finding{jobs: []string{markOf(a).JobID}}, "MADE TWICE: %s of %s, job %s", a.ARN, a.Source, markOf(a).JobID)
	}
	e.twice(v)
}

// slot is one backup or copy of one night.
type slot struct {
	operation driver.Operation
	source    string
	night     int
}

// slotOf returns which backup or copy of which night an artefact is.
func (e evidence) slotOf(a sim.Artefact) slot {
	s := slot{operation: a.Operation, source: a.Source, night: -1}
	if source := markOf(a).SourceARN; source != "" {
		s.source = source
	}
	for n, night := range e.nights {
		if !a.CreatedAt.Before(night) {
			s.night = n
		}
	}
	return s
}

// twice counts what different jobs have made for one thing and night.
func (e evidence) twice(v *verdict) {
	made := map[slot]string{}
	for _, a := range e.history {
		if a.Operation == driver.Restore || a.Failed || markOf(a).JobID == "" {
			continue
		}
		s, job := e.slotOf(a), markOf(a).JobID
		if first, ok := made[s]; ok && first != job {
			v.find(&v.Duplicates, finding{jobs: []string{first, job}}, "MADE TWICE: %s of %s by jobs %s and %s", a.Operation, s.source, first, job)
		}
		made[s] = job
	}
}

// copies counts copies that were due and are not there: of every backup that a rule with
// copies made outside the region they go to.
func (e evidence) copies(v *verdict) {
	made, copied := map[slot]bool{}, map[string]bool{}
	for _, x := range e.expected {
		copied[x.ResourceARN] = copied[x.ResourceARN] || copies(x)
	}
	for _, a := range e.history {
		if !a.Failed && markOf(a).JobID != "" {
			made[e.slotOf(a)] = true
		}
	}
	for _, a := range e.history {
		copy := slot{driver.Copy, a.Source, e.slotOf(a).night}
		if a.Operation == driver.Backup && made[e.slotOf(a)] && copied[a.Source] && a.Place.Region != e.away && !made[copy] {
			v.find(&v.Lost, finding{arn: a.Source}, "LOST: copy of %s, night %d", a.Source, copy.night+1)
		}
	}
}

// restores counts restores that were asked for and are not there, and what was made twice
// where AWS has no mark of ours.
func (e evidence) restores(v *verdict) {
	marked, unmarked := map[string]bool{}, map[string]int{}
	for _, a := range e.history {
		switch job := markOf(a).JobID; {
		case a.Operation != driver.Restore || a.Failed:
		case job != "":
			marked[job] = true
		default:
			unmarked[a.Source]++
		}
	}
	for _, a := range e.asked {
		switch {
		case marked[a.job]:
		case unmarked[a.point] > 0:
			unmarked[a.point]--
		case unmarked[a.source] > 0:
			unmarked[a.source]--
		default:
			v.find(&v.Lost, finding{jobs: []string{a.job}}, "LOST: restore %s of %s of %s", a.job, a.point, a.source)
		}
	}
	for from, n := range unmarked {
		if n > 0 {
			v.find(&v.Duplicates, finding{arn: from}, "MADE TWICE: %d restores of %s that nobody asked for", n, from)
		}
	}
}

// deletions counts points that were deleted and should live, and points of the first night
// that should be gone.
func (e evidence) deletions(v *verdict) {
	last := len(e.nights) - 1
	for _, a := range e.history {
		mark := markOf(a)
		if mark.JobID == "" || a.Operation == driver.Restore || a.Failed {
			continue
		}
		night, held := e.slotOf(a).night, e.held[mark.JobID]
		switch {
		case a.DeletedAt.IsZero() && night < last && !held:
			v.find(&v.Lost, finding{jobs: []string{mark.JobID}}, "LOST: expiry of %s, made %s", a.ARN, a.CreatedAt.Format(time.DateTime))
		case a.DeletedAt.IsZero():
		case held:
			v.find(&v.WronglyDeleted, finding{jobs: []string{mark.JobID}}, "WRONGLY DELETED: %s has a legal hold", a.ARN)
		case night == last || a.DeletedAt.Before(e.since(a).Add(e.life)):
			v.find(&v.WronglyDeleted, finding{jobs: []string{mark.JobID}}, "WRONGLY DELETED: %s, made %s, deleted %s", a.ARN, a.CreatedAt.Format(time.DateTime), a.DeletedAt.Format(time.DateTime))
		}
	}
}

// since returns when the life of what a rule makes began: with its job, or, where AWS has no
// tag that says when that was, at the fire.
func (e evidence) since(a sim.Artefact) time.Time {
	if at := markOf(a).CreatedAt; !at.IsZero() {
		return at
	}
	return e.nights[e.slotOf(a).night]
}

// markOf returns the mark of an artefact, empty when it has none.
func markOf(a sim.Artefact) driver.Mark {
	mark, _ := a.Mark()
	return mark
}
