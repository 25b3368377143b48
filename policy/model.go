package policy

import (
	"slices"
	"strings"
	"time"

	"holdfast/resource"
)

// Set is the compiled policy of an installation. Names of plans and rules are unique
// without regard to case.
type Set struct {
	Plans []Plan
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
}

// Rule returns the rule of that name, whatever its case; nil when there is none.
func (p *Plan) Rule(name string) *Rule {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return nil
	}
	return &p.Rules[i]
}

// Selects returns the name of the first selection that takes r; ok is false when none
// does. Every rule of the plan applies to what it selects.
func (p *Plan) Selects(r resource.Resource) (selection string, ok bool) {
	for i := range p.Selections {
		if p.Selections[i].Match(r) {
			return p.Selections[i].Name, true
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
}

// Next returns the first instant strictly after the given one at which the rule is due,
// in UTC and on a whole minute; ok is false when it is never due again.
func (r Rule) Next(after time.Time) (at time.Time, ok bool) { return r.Schedule.Next(after) }

// Lifecycle is how long a recovery point lives. Zero means: not set.
type Lifecycle struct {
	MoveToColdStorageAfterDays int
	DeleteAfterDays            int // 0: kept for ever
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

// Capabilities tells Compile what a kind can do; built from the driver registry.
type Capabilities struct {
	Kind        resource.Kind
	ARNPattern  string
	CopyRegion  bool // copies inside the account, to any region
	CopyAccount bool // copies to another account
	ColdStorage bool // recovery points can move to cold storage
}
