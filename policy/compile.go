package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"holdfast/resource"
)

// Limits of one Set; AWS Backup's own quotas on plans are lower.
const (
	maxFiles             = 1000
	maxPlans             = 1000
	maxRulesPerPlan      = 100
	maxSelectionsPerPlan = 100
	maxCopiesPerRule     = 10
)

// Compile reads policy files (Holdfast's YAML) into a Set. It reports everything that is
// wrong at once; the Set is nil when there is any problem. Warnings never stop it. caps
// says what the kinds can do, so that a rule which cannot be carried out is refused here;
// without caps nothing about kinds is checked.
func Compile(files []File, caps []Capabilities) (*Set, Result) {
	return CompileAll(files, nil, caps)
}

// Source is a document with the name of where it came from.
type Source struct {
	Name     string
	Document Document
}

// CompileDocuments is Compile for documents that were not read from YAML files. Problems
// have no lines.
func CompileDocuments(sources []Source, caps []Capabilities) (*Set, Result) {
	return CompileAll(nil, sources, caps)
}

// CompileAll is Compile for files and documents that are in force together.
func CompileAll(files []File, sources []Source, caps []Capabilities) (*Set, Result) {
	if n := max(len(files), len(sources)); n > maxFiles {
		return nil, Result{Problems: []Problem{{Message: fmt.Sprintf("%d policy files: at most %d are read", n, maxFiles)}}}
	}
	c := compiler{caps: caps, plans: map[string]string{}}
	reports := make([]*report, 0, len(files)+len(sources))
	begin := func(name string) {
		c.report = newReport(name)
		reports = append(reports, c.report)
	}
	for _, f := range files {
		begin(f.Name)
		c.file(f)
	}
	for _, s := range sources {
		begin(s.Name)
		c.document(s.Name, s.Document)
	}
	c.locks()
	result := gather(reports)
	if len(result.Problems) > 0 {
		return nil, result
	}
	return &c.set, result
}

// compiler carries what is known across files; report is the current file's.
type compiler struct {
	caps   []Capabilities
	set    Set
	plans  map[string]string // folded plan name: where it was first seen
	aims   []aim
	report *report
}

func (c *compiler) file(f File) { c.document(f.Name, parseDocument(f, c.report)) }

func (c *compiler) document(name string, doc Document) {
	if len(c.set.Plans)+len(doc.Plans) > maxPlans {
		c.report.problem("plans", "more than %d plans in all files", maxPlans)
		return
	}
	if len(doc.Plans)+len(doc.Vaults) == 0 && len(c.report.problems) == 0 {
		c.report.warning("plans", "the file has no plans")
	}
	c.vaults(doc.Vaults)
	for i, p := range doc.Plans {
		c.plan(name, fmt.Sprintf("plans[%d]", i), p)
	}
}

// plan checks everything in a plan even when parts are wrong; an unusable Set is dropped
// at the end.
func (c *compiler) plan(file, path string, doc PlanDocument) {
	plan := Plan{Name: doc.fullName(), Source: file}
	plan.Accounts, plan.Regions = c.scope(path, doc)
	c.name(path, "plan", doc.Name)
	c.unique(c.plans, path, "plan", plan.Name)
	c.size(path+".rules", "rules", len(doc.Rules), maxRulesPerPlan)
	c.size(path+".selections", "selections", len(doc.Selections), maxSelectionsPerPlan)
	if len(doc.Rules) == 0 {
		c.report.problem(path+".rules", "the plan has no rules: add one")
	}
	if len(doc.Selections) == 0 {
		c.report.warning(path, "the plan has no selections, so it backs up nothing")
	}
	rules, selections := map[string]string{}, map[string]string{}
	for i, r := range doc.Rules {
		at := fmt.Sprintf("%s.rules[%d]", path, i)
		c.unique(rules, at, "rule", r.Name)
		plan.Rules = append(plan.Rules, c.rule(at, r))
	}
	for i, s := range doc.Selections {
		at := fmt.Sprintf("%s.selections[%d]", path, i)
		c.unique(selections, at, "selection", s.Name)
		selection := c.selection(at, s)
		selection.Name = s.Name // an unusable one still is what rules name
		plan.Selections = append(plan.Selections, selection)
	}
	for i := range plan.Rules {
		plan.Rules[i].Selections = c.ruleSelections(indexed(path+".rules", i)+".selections", doc.Rules[i].Selections, plan)
	}
	c.advanced(path, doc.AdvancedSettings, plan.Rules)
	c.set.Plans = append(c.set.Plans, plan)
	c.carriedOut(path, doc, plan)
	c.onlyAWS(path, doc)
}

// fullName is PLAN@TARGET for plans of an organization. No name has an @ in it.
func (d PlanDocument) fullName() string {
	if d.Target == "" {
		return d.Name
	}
	return d.Name + "@" + d.Target
}

// scope checks what the plan is limited to.
func (c *compiler) scope(path string, doc PlanDocument) (accounts, regions []string) {
	for i, account := range doc.Accounts {
		if !resource.ValidAccount(account) {
			c.report.problem(indexed(path+".accounts", i), "%q is not an account id: write twelve digits, in quotes", clip(account))
		}
	}
	for i, region := range doc.Regions {
		if !ValidRegion(region) {
			c.report.problem(indexed(path+".regions", i), "%q is not a region: write a name such as eu-west-1", clip(region))
		}
	}
	return slices.Sorted(slices.Values(doc.Accounts)), slices.Sorted(slices.Values(doc.Regions))
}

func (c *compiler) rule(path string, doc RuleDocument) Rule {
	c.name(path, "rule", doc.Name)
	c.vaultName(path+".target_backup_vault_name", doc.TargetBackupVaultName)
	c.size(path+".copy_actions", "copy actions", len(doc.CopyActions), maxCopiesPerRule)
	c.recoveryPointTags(path+".recovery_point_tags", doc.RecoveryPointTags)
	rule := Rule{
		Name:              doc.Name,
		Vault:             doc.TargetBackupVaultName,
		Schedule:          c.schedule(path, doc),
		StartWindow:       c.window(path+".start_window_minutes", doc.StartWindowMinutes, defaultStartWindow),
		CompletionWindow:  c.window(path+".completion_window_minutes", doc.CompletionWindowMinutes, defaultCompletionWindow),
		Lifecycle:         c.lifecycle(path+".lifecycle", doc.Lifecycle),
		RecoveryPointTags: maps.Clone(doc.RecoveryPointTags),
	}
	c.continuous(path, doc, &rule)
	c.archive(path, rule)
	c.beyond(path, doc, &rule)
	c.retentionFits(path+".retention", rule.Retention, rule.Lifecycle, rule.ContinuousBackup)
	c.copyActions(path, doc, &rule)
	c.keptCopies(path, rule)
	c.aimed(path, rule)
	return rule
}

func (c *compiler) copyActions(path string, doc RuleDocument, rule *Rule) {
	destinations := map[string]string{}
	for i, action := range doc.CopyActions {
		at := fmt.Sprintf("%s.copy_actions[%d]", path, i)
		if first, seen := destinations[action.DestinationBackupVaultARN]; seen {
			c.report.problem(at+".destination_backup_vault_arn", "the same destination as %s: remove one", first)
		}
		destinations[action.DestinationBackupVaultARN] = at
		copied := c.copyAction(at, action)
		copied.Retention = c.retention(at+".retention", action.Retention, rule.Schedule.location)
		c.retentionFits(at+".retention", copied.Retention, copied.Lifecycle, false)
		rule.CopyActions = append(rule.CopyActions, copied)
	}
}

func (c *compiler) selection(path string, doc SelectionDocument) Selection {
	s, problems, warnings := NewSelection(doc.Name, doc.Criteria)
	for _, p := range problems {
		if p.Path == "" && c.criteriaLost(path) {
			continue // it looks empty because what is there could not be read
		}
		c.report.problem(join(path, p.Path), "%s", p.Message)
	}
	for _, w := range warnings {
		c.report.warning(join(path, w.Path), "%s", w.Message)
	}
	if doc.IAMRoleARN != "" {
		c.report.warning(path+".iam_role_arn", "ignored: Holdfast takes its roles from the configuration")
	}
	return s
}

// criteriaLost reports whether any part of the selection at path could not be read, so
// that what it takes is not known.
func (c *compiler) criteriaLost(path string) bool {
	for name := range fieldsOf(reflect.ValueOf(Criteria{})) {
		if c.report.lost(join(path, name)) {
			return true
		}
	}
	return false
}

func (c *compiler) schedule(path string, doc RuleDocument) Schedule {
	path += ".schedule_expression"
	expression := doc.ScheduleExpression
	if expression == "" {
		expression = DefaultSchedule
	}
	if _, err := loadLocation(doc.ScheduleTimezone); err != nil {
		c.report.problem(path+"_timezone", "%v", err)
		doc.ScheduleTimezone = "" // the expression is still worth checking
	}
	s, warnings, err := ParseSchedule(expression, doc.ScheduleTimezone)
	if err != nil {
		c.report.problem(path, "%v", err)
		return s
	}
	for _, w := range warnings {
		c.report.warning(path, "%s", w)
	}
	if s.SubHourly() {
		c.report.problem(path, "%s runs more than once an hour: AWS Backup takes no plan whose runs are less than an hour apart; name one minute", s)
	}
	// From the beginning of time: whether a schedule has run out depends on the clock, and
	// this package has none.
	if _, ok := s.Next(time.Time{}); !ok {
		c.report.problem(path, "%s never runs: no date has all of these values", s)
	}
	return s
}

// name checks what plans and rules are called.
func (c *compiler) name(path, what, name string) {
	if !validName.MatchString(name) {
		c.report.problem(path+".name", "%s name %q: %s", what, clip(name), nameRule)
	}
}

// unique refuses a second name that differs from an earlier one at most in case: ids of
// jobs are made from folded names.
func (c *compiler) unique(seen map[string]string, path, what, name string) {
	folded := strings.ToLower(name)
	where := fmt.Sprintf("%s:%d", c.report.file, c.report.line(path+".name"))
	if first, taken := seen[folded]; taken && folded != "" {
		c.report.problem(path+".name", "%s %s exists already in %s (case does not count): rename one", what, clip(name), first)
		return
	}
	seen[folded] = where
}

func (c *compiler) size(path, what string, n, most int) {
	if n > most {
		c.report.problem(path, "%d %s: at most %d are allowed", n, what, most)
	}
}
