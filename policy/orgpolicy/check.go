package orgpolicy

import (
	"fmt"
	"strings"
	"time"

	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// Limits of a merged document.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/invalid-policy-alerts.html
const (
	maxRules          = 10
	maxContinuousDays = 35
	minArchiveGap     = 28 * 24 * time.Hour
	maxConditions     = 30
)

// Findings is what is wrong with an effective backup policy. Any Missing or Wrong entry
// makes the whole document invalid; Missing parts may come from policies of other levels.
type Findings struct {
	Missing  []policy.Problem
	Wrong    []policy.Problem
	Warnings []policy.Problem // it is valid, but AWS Backup will not do what it says
}

// Problems returns everything that makes the document invalid.
func (f Findings) Problems() []policy.Problem {
	return append(append([]policy.Problem{}, f.Missing...), f.Wrong...)
}

// Check finds everything that is wrong with an effective backup policy.
func (e *Effective) Check() Findings {
	c := checker{file: e.name}
	if plans := e.root.child(keyPlans); plans != nil {
		for _, plan := range plans.shown() {
			c.plan(plan, strictjson.Join(keyPlans, plan.name))
		}
	}
	return c.found
}

// shown returns the children that are part of the document.
func (n *node) shown() (list []*node) {
	for _, c := range n.children {
		if c.visible() {
			list = append(list, c)
		}
	}
	return list
}

// get returns the place below n; nil when it is not part of the document.
func (n *node) get(keys ...string) *node {
	for _, key := range keys {
		if n == nil {
			return nil
		}
		n = n.child(key)
	}
	if n == nil || !n.visible() {
		return nil
	}
	return n
}

// text returns the single value below n, "" when there is none.
func (n *node) text(keys ...string) string {
	if v := n.get(keys...); v != nil && v.setting && !v.list {
		return v.values[0]
	}
	return ""
}

// number returns the whole number below n, 0 when there is none.
func (n *node) number(keys ...string) int64 {
	v, _ := whole(n.text(keys...)) // anything else was refused before the merge
	return v
}

type checker struct {
	file  string
	found Findings
}

func (c *checker) at(n *node, path, format string, args ...any) policy.Problem {
	return policy.Problem{File: c.file, Line: n.line, Path: path, Message: fmt.Sprintf(format, args...)}
}

// require notes a key that is not there, or a list that is empty.
func (c *checker) require(n *node, path, key string) {
	switch v := n.get(key); {
	case v == nil:
		c.found.Missing = append(c.found.Missing, c.at(n, strictjson.Join(path, key), "%s is missing", key))
	case v.list && len(v.values) == 0:
		c.found.Missing = append(c.found.Missing, c.at(v, strictjson.Join(path, key), "%s is empty: it needs at least one value", key))
	}
}

func (c *checker) wrong(n *node, path, format string, args ...any) {
	c.found.Wrong = append(c.found.Wrong, c.at(n, path, format, args...))
}

func (c *checker) warn(n *node, path, format string, args ...any) {
	c.found.Warnings = append(c.found.Warnings, c.at(n, path, format, args...))
}

func (c *checker) plan(plan *node, path string) {
	for _, key := range []string{keyRegions, keyRules, keySelections} {
		c.require(plan, path, key)
	}
	if rules := plan.get(keyRules); rules != nil {
		at := strictjson.Join(path, keyRules)
		if n := len(rules.shown()); n > maxRules {
			c.wrong(rules, at, "%d rules: a plan has at most %d", n, maxRules)
		}
		for _, rule := range rules.shown() {
			c.rule(rule, strictjson.Join(at, rule.name))
		}
	}
	if selections := plan.get(keySelections); selections != nil {
		c.selections(selections, strictjson.Join(path, keySelections))
	}
}

func (c *checker) rule(rule *node, path string) {
	c.require(rule, path, keyVault)
	if rule.text(keyContinuous) == "true" {
		c.continuous(rule, path)
	}
	c.lifecycle(rule, rule.get(keyLifecycle), strictjson.Join(path, keyLifecycle))
	copies := rule.get(keyCopies)
	if copies == nil {
		return
	}
	for _, action := range copies.shown() {
		at := strictjson.Join(strictjson.Join(path, keyCopies), action.name)
		if action.text(keyCopyTarget) == "" && !validVaultARN.MatchString(action.name) {
			c.wrong(action, at, "%s is missing, and the key is not the ARN of a vault", keyCopyTarget)
		}
		c.lifecycle(rule, action.get(keyLifecycle), strictjson.Join(at, keyLifecycle))
	}
}

// continuous checks what point-in-time recovery asks of the lifecycle.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html
func (c *checker) continuous(rule *node, path string) {
	at := strictjson.Join(path, keyLifecycle)
	switch n := rule.number(keyLifecycle, keyDelete); {
	case n > maxContinuousDays:
		c.wrong(rule, strictjson.Join(at, keyDelete), "%d days: continuous backups are kept for at most %d", n, maxContinuousDays)
	case n == 0:
		c.found.Missing = append(c.found.Missing, c.at(rule, strictjson.Join(at, keyDelete), "delete_after_days is missing: continuous backups are kept for at most %d days", maxContinuousDays))
	}
	if rule.number(keyLifecycle, keyCold) > 0 {
		c.warn(rule, strictjson.Join(at, keyCold), "continuous backups cannot move to cold storage: AWS Backup refuses the plan")
	}
}

// lifecycle checks the numbers of a rule or copy together. Without the archive opt-in
// Organizations lets any two pass, and the plan fails.
func (c *checker) lifecycle(rule, lifecycle *node, path string) {
	cold, remove := lifecycle.number(keyCold), lifecycle.number(keyDelete)
	short := cold > 0 && remove > 0 && remove < cold+minColdDays
	at := strictjson.Join(path, keyDelete)
	if lifecycle.text(keyArchive) != "true" {
		if short {
			c.warn(lifecycle, at, "deletes after %d days and moves to cold storage after %d: AWS Backup refuses the plan, the first must be at least %d", remove, cold, cold+minColdDays)
		}
		return
	}
	if short {
		c.wrong(lifecycle, at, "deletes after %d days and moves to the archive after %d: it must be at least %d", remove, cold, cold+minColdDays)
	}
	if cold == 0 {
		c.warn(lifecycle, strictjson.Join(path, keyCold), "the archive opt-in needs %s: AWS Backup refuses the plan", keyCold)
	}
	c.archiveGap(rule, lifecycle, strictjson.Join(path, keyArchive))
}

// archiveGap wants runs four weeks apart. Without a schedule the default holds, and a
// policy of another level may still set one.
func (c *checker) archiveGap(rule, lifecycle *node, path string) {
	s, _, err := policy.ParseSchedule(orDefault(rule.text(keySchedule)), rule.text(keyTimezone))
	if err != nil || s.Apart(minArchiveGap) {
		return
	}
	p := c.at(lifecycle, path, "%s runs more often than every 28 days, too often for the archive", s)
	if rule.text(keySchedule) == "" {
		c.found.Missing = append(c.found.Missing, p)
		return
	}
	c.found.Wrong = append(c.found.Wrong, p)
}

func orDefault(expression string) string {
	if expression == "" {
		return policy.DefaultSchedule
	}
	return expression
}

func (c *checker) selections(selections *node, path string) {
	if selections.get(keyTags) != nil && selections.get(keyResources) != nil {
		c.warn(selections, path, "%s and %s in one plan: AWS documents one or the other", keyTags, keyResources)
	}
	if tags := selections.get(keyTags); tags != nil {
		for _, s := range tags.shown() {
			at := strictjson.Join(strictjson.Join(path, keyTags), s.name)
			for _, key := range []string{keyRole, keyTagKey, keyTagValue} {
				c.require(s, at, key)
			}
			c.conditions(s, at)
		}
	}
	if resources := selections.get(keyResources); resources != nil {
		for _, s := range resources.shown() {
			at := strictjson.Join(strictjson.Join(path, keyResources), s.name)
			c.require(s, at, keyRole)
			if s.get(keyConditions) == nil {
				c.require(s, at, keyResourceTypes)
			}
			c.conditions(s, at)
		}
	}
}

func (c *checker) conditions(selection *node, path string) {
	conditions := selection.get(keyConditions)
	if conditions == nil {
		return
	}
	path = strictjson.Join(path, keyConditions)
	count := 0
	for _, operator := range conditions.shown() {
		for _, condition := range operator.shown() {
			count++
			at := strictjson.Join(strictjson.Join(path, operator.name), condition.name)
			c.require(condition, at, keyCondition)
			c.require(condition, at, keyValue)
			if value := condition.text(keyValue); !strings.Contains(operator.name, "like") && strings.Contains(value, "*") {
				c.warn(condition, strictjson.Join(at, keyValue), "* in %q stands for itself here; string_like has wildcards", value)
			}
		}
	}
	if count > maxConditions {
		c.wrong(conditions, path, "%d conditions: at most %d are allowed", count, maxConditions)
	}
}
