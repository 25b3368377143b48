package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast/policy/retention"
)

// maxRPOObjective is far beyond what anybody promises.
const maxRPOObjective = 400 * 24 * time.Hour

// beyond fills in what goes beyond AWS Backup; rule has its schedule and windows.
func (c *compiler) beyond(path string, doc RuleDocument, rule *Rule) {
	rule.Engine = c.engine(path+".engine", doc.Engine)
	rule.Priority = c.priority(path+".priority", doc.Priority)
	rule.Retention = c.retention(path+".retention", doc.Retention, rule.Schedule.location)
	rule.MaxDelay = c.span(path+".max_delay", doc.MaxDelay, time.Minute, rule.StartWindow)
	rule.RPOObjective = c.span(path+".rpo_objective", doc.RPOObjective, time.Hour, maxRPOObjective)
	if rule.RPOObjective > 0 {
		c.reachable(path+".rpo_objective", *rule)
	}
}

func (c *compiler) priority(path string, n *int64) int {
	switch {
	case n == nil:
		return 0
	case *n < MinPriority || *n > MaxPriority:
		c.report.problem(path, "priority %d: want %d to %d, higher goes first", *n, MinPriority, MaxPriority)
		return 0
	}
	return int(*n)
}

var spanShape = regexp.MustCompile(`^([1-9][0-9]{0,6})(m|h|d)$`)

var spanUnits = map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// span reads a time span such as 90m, 26h or 7d; absent is 0.
func (c *compiler) span(path, text string, lowest, highest time.Duration) time.Duration {
	if text == "" {
		return 0
	}
	found := spanShape.FindStringSubmatch(text)
	if found == nil {
		c.report.problem(path, "%q is no time span: write a whole number and m, h or d, such as 90m, 26h or 7d", clip(text))
		return 0
	}
	n, _ := strconv.Atoi(found[1]) // at most seven digits
	span := time.Duration(n) * spanUnits[found[2]]
	if span < lowest || span > highest && highest > 0 {
		c.report.problem(path, "%s: want %s to %s", text, spanText(lowest), spanText(highest))
		return 0
	}
	return span
}

// spanText writes a span the way span reads it.
func spanText(d time.Duration) string {
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// reachable warns about an objective the schedule alone misses.
func (c *compiler) reachable(path string, rule Rule) {
	if gap := longestGap(rule.Schedule); gap > rule.RPOObjective {
		c.report.warning(path, "runs of %s are up to %s apart, so the objective of %s is missed however well they go", rule.Schedule, spanText(gap), spanText(rule.RPOObjective))
	}
}

// gapRuns is how many runs are looked at: two years of daily ones.
const gapRuns = 750

// gaps calls yield with the time between consecutive runs until it returns false. Clocks
// that change make a gap an hour longer or shorter; gaps are those of the wall clock.
func gaps(s Schedule, yield func(time.Duration) bool) {
	last, ok := s.Next(time.Time{})
	for range gapRuns {
		next, more := s.Next(last)
		if !ok || !more {
			return
		}
		_, before := last.In(s.location).Zone()
		_, after := next.In(s.location).Zone()
		if !yield(next.Sub(last) + time.Duration(after-before)*time.Second) {
			return
		}
		last = next
	}
}

// longestGap returns the longest time between two runs, 0 when there is one run only.
func longestGap(s Schedule) (longest time.Duration) {
	gaps(s, func(gap time.Duration) bool {
		longest = max(longest, gap)
		return true
	})
	return longest
}

// apart reports whether all runs are at least that far from each other.
func apart(s Schedule, least time.Duration) bool {
	closest := least
	gaps(s, func(gap time.Duration) bool {
		closest = min(closest, gap)
		return closest >= least
	})
	return closest >= least
}

// retention checks the counts. Its days, weeks, months and years are those of the
// schedule's zone unless it names one of its own.
func (c *compiler) retention(path string, doc *RetentionDocument, zone *time.Location) retention.Policy {
	if doc == nil {
		return retention.Policy{}
	}
	count := func(name string, n *int64) int {
		switch {
		case n == nil:
			return 0
		case *n < 1 || *n > retention.MaxCount:
			c.report.problem(join(path, name), "%d: want 1 to %d; leave the key out to keep none for this reason", *n, retention.MaxCount)
			return 1 // so that the rest is not called empty as well
		}
		return int(*n)
	}
	p := retention.Policy{
		KeepLast: count("keep_last", doc.KeepLast), KeepHourly: count("keep_hourly", doc.KeepHourly),
		KeepDaily: count("keep_daily", doc.KeepDaily), KeepWeekly: count("keep_weekly", doc.KeepWeekly),
		KeepMonthly: count("keep_monthly", doc.KeepMonthly), KeepYearly: count("keep_yearly", doc.KeepYearly),
		Location: zone,
	}
	if doc.Timezone != "" {
		location, err := loadLocation(doc.Timezone)
		if err != nil {
			c.report.problem(join(path, "timezone"), "%v", err)
		}
		p.Location = location
	}
	if !p.Counts() && !c.report.lost(path) {
		c.report.problem(path, "nothing is kept: name at least one of keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly and keep_yearly, or leave retention out")
	}
	return p
}

// retentionFits refuses counts that the rest of the rule makes senseless.
func (c *compiler) retentionFits(path string, p retention.Policy, l Lifecycle, continuous bool) {
	if !p.Counts() {
		return
	}
	switch {
	case continuous:
		c.report.problem(path, "a continuous backup is one recovery point that AWS shortens by itself: use lifecycle.delete_after_days alone")
	case l.MoveToColdStorageAfterDays > 0 && l.DeleteAfterDays == 0:
		c.report.problem(path, "counts alone could delete points that cold storage is billed for at least %d days: add lifecycle.delete_after_days of at least %d, which keeps all younger points whatever the counts say",
			minColdDays, l.MoveToColdStorageAfterDays+minColdDays)
	}
}

// ruleSelections checks the names of a rule's selections and returns them as the plan
// spells them.
func (c *compiler) ruleSelections(path string, names []string, plan Plan) []string {
	if names == nil {
		return nil
	}
	if len(names) == 0 {
		c.report.problem(path, "the list is empty, so the rule would back up nothing: name selections of the plan, or leave the key out for all of them")
	}
	spelled := map[string]string{}
	var known []string
	for _, s := range plan.Selections {
		spelled[strings.ToLower(s.Name)] = s.Name
		known = append(known, s.Name)
	}
	var used []string
	seen := map[string]bool{}
	for i, name := range names {
		folded := strings.ToLower(name)
		own, exists := spelled[folded]
		switch {
		case !exists:
			c.report.problem(indexed(path, i), "the plan has no selection %q: it has %s", clip(name), listed(known))
		case seen[folded]:
			c.report.problem(indexed(path, i), "selection %s is named twice: remove one", clip(name))
		default:
			used = append(used, own)
		}
		seen[folded] = true
	}
	return used
}

// listed joins names for a message.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
