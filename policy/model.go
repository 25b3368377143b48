package policy

import (
	"slices"
	"strings"
	"time"

	"holdfast/policy/retention"
	"holdfast/resource"
)

// Set is the compiled policy of an installation. Names of plans and rules are unique
// without regard to case.
type Set struct {
	Plans  []Plan
	Vaults []Vault // the locks the policies tell of
}

// Plan returns the plan of that name, whatever its case; nil when there is none.
func (s *Set) Plan(name string) *Plan {
	i := slices.IndexFunc(s.Plans, func(p Plan) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return nil
	}
	return &s.Plans[i]
}

// Plan is one backup plan.
type Plan struct {
	Name       string
	Source     string // file the plan came from
	Rules      []Rule
	Selections []Selection
	// Accounts and Regions, sorted, are what the plan is limited to; empty means all.
	Accounts []string
	Regions  []string
}

// Covers reports whether the plan applies to resources of this account and region.
func (p *Plan) Covers(account, region string) bool {
	return within(p.Accounts, account) && within(p.Regions, region)
}

// within reports whether name is in a sorted list; everything is in an empty one.
func within(sorted []string, name string) bool {
	if len(sorted) == 0 {
		return true
	}
	_, found := slices.BinarySearch(sorted, name)
	return found
}

// Rule returns the rule of that name, whatever its case; nil when there is none.
func (p *Plan) Rule(name string) *Rule {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return nil
	}
	return &p.Rules[i]
}

// Selects returns the name of the first selection that takes r, whatever the rule; ok is
// false when none does.
func (p *Plan) Selects(r resource.Resource) (selection string, ok bool) {
	return p.SelectsFor(&Rule{}, r)
}

// SelectsFor returns the name of the first selection of rule, a rule of the plan, that
// takes r; ok is false when the rule does not back r up.
func (p *Plan) SelectsFor(rule *Rule, r resource.Resource) (selection string, ok bool) {
	if !p.Covers(r.Account, r.Region) {
		return "", false
	}
	for i := range p.Selections {
		if s := &p.Selections[i]; rule.Uses(s.Name) && s.Match(r) {
			return s.Name, true
		}
	}
	return "", false
}

// Rule says when to back up and what becomes of the recovery point.
type Rule struct {
	Name              string
	Vault             string // TargetBackupVaultName
	Schedule          Schedule
	StartWindow       time.Duration // default 8 h, at least 1 h
	CompletionWindow  time.Duration // default 7 days
	Lifecycle         Lifecycle
	CopyActions       []CopyAction
	RecoveryPointTags map[string]string
	// ContinuousBackup asks for a point that restores to any moment of the last
	// Lifecycle.DeleteAfterDays, 1 to 35, instead of one point a run.
	ContinuousBackup bool

	// BackupOptions are the plan's advanced settings: options by kind.
	BackupOptions map[resource.Kind]map[string]string

	// What follows goes beyond AWS Backup.

	// Retention has the counts by which points are kept; Keep has the lifecycle's age too.
	Retention retention.Policy
	// Selections are the names of the plan's selections the rule applies to; none means
	// all of them, as in AWS Backup.
	Selections []string
	// Engine makes the recovery points; empty means the kind's default.
	Engine Engine
	// Priority orders jobs of one type that wait for the same slots: higher first,
	// MinPriority to MaxPriority, 0 for rules that do not say.
	Priority int
	// RPOObjective is the longest time that may pass between two good points of a
	// resource, measured at the last copy; 0 when none is set.
	RPOObjective time.Duration
	// MaxDelay is how long after its fire a backup should have begun: waiting jobs are
	// ordered by it. A later one still begins inside its start window. 0: StartWindow.
	MaxDelay time.Duration
}

// Keep returns which points of the rule are kept: those its lifecycle's DeleteAfterDays
// has not passed for, and those its counts keep.
func (r *Rule) Keep() retention.Policy { return keep(r.Retention, r.Lifecycle) }

// Keep is Rule.Keep for the copies of the action.
func (c *CopyAction) Keep() retention.Policy { return keep(c.Retention, c.Lifecycle) }

func keep(p retention.Policy, l Lifecycle) retention.Policy {
	p.DeleteAfterDays = l.DeleteAfterDays
	return p
}

// Uses reports whether the rule applies to the selection of that name, as the plan
// spells it.
func (r *Rule) Uses(selection string) bool {
	return len(r.Selections) == 0 || slices.Contains(r.Selections, selection)
}

// The priorities a rule may have.
const (
	MinPriority = -5
	MaxPriority = 5
)

// Next returns the first instant strictly after the given one at which the rule is due,
// in UTC and on a whole minute; ok is false when it is never due again.
func (r Rule) Next(after time.Time) (at time.Time, ok bool) { return r.Schedule.Next(after) }

// Lifecycle is how long a recovery point lives. Zero means: not set.
type Lifecycle struct {
	MoveToColdStorageAfterDays int
	DeleteAfterDays            int // 0: kept for ever
	// OptInToArchive asks for the archive tier of kinds that have one.
	OptInToArchive bool
}

// AccountVariable in a copy action stands for the account of the resource.
const AccountVariable = "$account"

// CopyAction asks for a copy of each recovery point of a rule. Recovery points made in
// the destination's own region and account need none: they are there already. An absent
// lifecycle keeps the copy for ever; the rule's is not inherited.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CopyAction.html
type CopyAction struct {
	// DestinationVaultARN is arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME; ACCOUNT may
	// be the literal $account, the account of the resource.
	DestinationVaultARN string
	Region              string
	Account             string // twelve digits or $account
	Vault               string
	Lifecycle           Lifecycle
	Retention           retention.Policy // counts for the copies (our extension)
	// KMSKeyARN is the destination's key for encrypted copies (our extension); its account
	// may be $account.
	KMSKeyARN string
}

// For returns the action with $account replaced by the account of the resource.
func (c CopyAction) For(account string) CopyAction {
	fill := func(s string) string { return strings.ReplaceAll(s, AccountVariable, account) }
	c.DestinationVaultARN, c.Account, c.KMSKeyARN = fill(c.DestinationVaultARN), fill(c.Account), fill(c.KMSKeyARN)
	return c
}

// Problem is one thing wrong with, or worth knowing about, a document.
type Problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Path    string `json:"path,omitempty"` // plans[0].rules[1].schedule_expression
	Message string `json:"message"`        // what is wrong and how to mend it
}
