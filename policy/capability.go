package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"holdfast/resource"
)

// reach is one group of resources a selection can take, as far as the policy alone says.
type reach struct {
	entry   string // the ARN as written, empty for tags and conditions
	kinds   []Capabilities
	region  string // empty when the entry leaves it open
	account string // likewise
}

// need is something a rule asks of every kind it is applied to.
type need struct {
	path    string        // of the setting
	what    string        // what a kind that lacks it cannot do
	of      resource.Kind // the one kind that is asked; "" asks all
	instead func(Capabilities) string
	// met is asked of kinds the rule's engine can back up; nil asks just for that.
	met func(Abilities, reach) bool
	// ignorable needs are ignored by AWS for kinds that have no such thing.
	ignorable bool
}

// carriedOut refuses rules that ask a kind for what it cannot do, and warns where a
// selection may or may not take such a kind.
func (c *compiler) carriedOut(path string, doc PlanDocument, plan Plan) {
	if len(c.caps) == 0 {
		return
	}
	for i, s := range doc.Selections {
		if c.criteriaLost(indexed(path+".selections", i)) {
			continue // what it takes is not known
		}
		reaches := c.reaches(indexed(path+".selections", i), s.Criteria)
		for j, rule := range plan.Rules {
			if !rule.Uses(s.Name) {
				continue
			}
			rulePath := indexed(path+".rules", j)
			for _, n := range append(needsOf(rulePath, rule), c.optionNeeds(path, doc.AdvancedSettings)...) {
				c.check(n, rule, cmp.Or(s.Name, "without a name"), reaches)
			}
			c.samePlace(rulePath, rule, cmp.Or(s.Name, "without a name"), reaches)
		}
	}
}

// reaches lists what a selection can take. ARNs no kind has get a warning.
func (c *compiler) reaches(path string, criteria Criteria) []reach {
	var reaches []reach
	if len(criteria.ListOfTags) > 0 || len(criteria.Resources) == 0 {
		reaches = append(reaches, reach{kinds: c.caps})
	}
	for i, entry := range criteria.Resources[:min(len(criteria.Resources), maxARNs)] {
		r := reach{entry: entry, kinds: c.kindsOf(entry)}
		if len(r.kinds) == 0 {
			c.report.warning(indexed(path+".resources", i), "%s is no ARN of a kind this installation backs up (%s)", clip(entry), kindNames(c.caps))
			continue
		}
		r.region, r.account = placeOf(entry)
		reaches = append(reaches, r)
	}
	return reaches
}

// kindsOf returns the kinds whose ARNs the entry can match.
func (c *compiler) kindsOf(entry string) (kinds []Capabilities) {
	if len(entry) > maxARNLength {
		return nil
	}
	for _, k := range c.caps {
		if overlap(entry, k.ARNPattern) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// placeOf reads region and account where the entry spells them out.
func placeOf(entry string) (region, account string) {
	parts := strings.SplitN(entry, ":", 6)
	if len(parts) < 6 {
		return "", ""
	}
	if validRegion.MatchString(parts[3]) {
		region = parts[3]
	}
	if resource.ValidAccount(parts[4]) {
		account = parts[4]
	}
	return region, account
}

// needsOf lists what a rule asks of the kinds it is applied to.
func needsOf(path string, rule Rule) (needs []need) {
	needs = append(needs, engineNeed(path, rule.Engine))
	if rule.ContinuousBackup {
		needs = append(needs, need{
			path: path + ".enable_continuous_backup", what: "be backed up continuously",
			instead: func(Capabilities) string { return "remove enable_continuous_backup" },
			met:     func(a Abilities, _ reach) bool { return a.Continuous },
		})
	}
	needs = append(needs, coldNeeds(path+".lifecycle", "recovery points", rule.Lifecycle)...)
	for i, action := range rule.CopyActions {
		at := indexed(path+".copy_actions", i)
		needs = append(needs, coldNeeds(at+".lifecycle", "copies", action.Lifecycle)...)
		if action.Account != "" {
			needs = append(needs, copyNeed(at, action))
		}
	}
	return needs
}

// engineNeed asks that the engine can back the kind up at all.
func engineNeed(path string, engine Engine) need {
	what := "be backed up"
	if engine != "" {
		what = "be backed up by engine " + string(engine)
	}
	return need{path: path + ".engine", what: what, instead: func(Capabilities) string {
		return "leave such resources out of the selection"
	}}
}

// coldNeeds asks for the tiers a lifecycle names.
func coldNeeds(path, what string, l Lifecycle) (needs []need) {
	if l.MoveToColdStorageAfterDays > 0 {
		needs = append(needs, need{
			path: path + ".move_to_cold_storage_after_days", what: "move " + what + " to cold storage", ignorable: true,
			instead: func(Capabilities) string {
				return "leave move_to_cold_storage_after_days out, or give such resources a plan of their own"
			},
			met: func(a Abilities, _ reach) bool { return a.ColdStorage || l.OptInToArchive && a.Archive },
		})
	}
	return needs
}

// copyNeed asks for copies, between accounts only where source and destination may differ.
func copyNeed(path string, action CopyAction) need {
	n := need{path: path, what: "be copied", met: func(a Abilities, r reach) bool {
		return a.CopyRegion || action.reachesHome(r)
	}}
	if action.Account != AccountVariable {
		n.what = "be copied to account " + action.Account
		n.met = func(a Abilities, r reach) bool {
			return a.CopyAccount || r.account == action.Account && a.CopyRegion || action.reachesHome(r)
		}
	}
	n.instead = func(k Capabilities) string {
		if a, _ := k.With(""); a.CopyRegion && action.Account != AccountVariable {
			return "copy to " + AccountVariable + ", the account of the resource, or give such resources a plan without this copy"
		}
		return "remove the copy action, or give such resources a plan without it"
	}
	return n
}

// lacks reports whether a kind cannot do what n asks in a rule with engine e. A kind the
// engine cannot back up at all lacks that one need only.
func (n need) lacks(k Capabilities, r reach, e Engine) bool {
	a, ok := k.With(e)
	if n.of != "" && n.of != k.Kind {
		return false
	}
	if n.met == nil {
		return !ok
	}
	return ok && !n.met(a, r)
}

// lackedBy returns the kinds of r that do not meet the need.
func (n need) lackedBy(r reach, e Engine) (lacking []Capabilities) {
	for _, k := range r.kinds {
		if n.lacks(k, r, e) {
			lacking = append(lacking, k)
		}
	}
	return lacking
}

// alternative says what to write instead: the engine that can, or the need's own advice.
func (n need) alternative(r reach, e Engine) string {
	can := func(a Abilities) bool { return n.met == nil || n.met(a, r) }
	if other, ok := r.kinds[0].otherEngine(e, can); ok {
		return fmt.Sprintf("write engine: %s, or %s", other, n.instead(r.kinds[0]))
	}
	return n.instead(r.kinds[0])
}

// canNever reports whether no engine of any kind of r meets the need.
func (n need) canNever(r reach) bool {
	return !slices.ContainsFunc(r.kinds, func(k Capabilities) bool {
		return slices.ContainsFunc(Engines(), func(e Engine) bool {
			a, ok := k.Engines[e]
			return ok && n.met(a, r)
		})
	})
}

// check is an error where a group of resources is of kinds that all lack the need, and a
// warning where only some do: which of them a tag is on, the policy does not say. What
// AWS ignores where there is no such thing is a warning too.
func (c *compiler) check(n need, rule Rule, selection string, reaches []reach) {
	var impossible []reach
	var some []Capabilities
	for _, r := range reaches {
		switch lacking := n.lackedBy(r, rule.Engine); {
		case len(lacking) == 0:
		case len(lacking) < len(r.kinds), n.ignorable && n.canNever(r):
			some = append(some, lacking...)
		default:
			impossible = append(impossible, r)
		}
	}
	if len(impossible) > 0 {
		c.report.problem(n.path, "rule %s cannot be carried out for selection %s: %s cannot %s; %s",
			rule.Name, selection, describeReaches(impossible), n.what, n.alternative(impossible[0], rule.Engine))
		return
	}
	if len(some) > 0 {
		c.report.warning(n.path, "resources of these kinds in selection %s will not %s: %s", selection, n.what, kindNames(some))
	}
}

// describeReaches names the kinds and the first entry, however many there are.
func describeReaches(reaches []reach) string {
	var kinds []Capabilities
	for _, r := range reaches {
		kinds = append(kinds, r.kinds...)
	}
	first := reaches[0].entry
	if first == "" {
		return kindNames(kinds)
	}
	if more := len(reaches) - 1; more > 0 {
		return fmt.Sprintf("%s (%s and %d more)", kindNames(kinds), clip(first), more)
	}
	return fmt.Sprintf("%s (%s)", kindNames(kinds), clip(first))
}

// reachesHome reports whether all of r lives where the copy would go.
func (c CopyAction) reachesHome(r reach) bool {
	return r.region != "" && r.region == c.Region && (c.Account == AccountVariable || c.Account == r.account)
}

// samePlace warns about resources that get no copy because they live in its place.
func (c *compiler) samePlace(path string, rule Rule, selection string, reaches []reach) {
	for i, action := range rule.CopyActions {
		if slices.ContainsFunc(reaches, action.reachesHome) {
			c.report.warning(indexed(path+".copy_actions", i), "selection %s names resources of %s, the destination itself: they are not copied, their recovery points are there already", selection, action.Region)
		}
	}
}

// kindNames lists kinds once each, in the order given.
func kindNames(kinds []Capabilities) string {
	var names []string
	for _, k := range kinds {
		if !slices.Contains(names, string(k.Kind)) {
			names = append(names, string(k.Kind))
		}
	}
	return strings.Join(names, ", ")
}

func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
