package policy

import (
	"time"

	"holdfast/resource"
)

// Set is the compiled policy of an installation.
type Set struct {
	Plans []Plan
}

// Plan is one backup plan.
type Plan struct {
	Name       string
	Source     string // file the plan came from
	Rules      []Rule
	Selections []Selection
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

// CopyAction asks for a copy of each recovery point of a rule.
type CopyAction struct {
	// DestinationVaultARN is arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME; ACCOUNT may
	// be the literal $account, the account of the resource.
	DestinationVaultARN string
	Region              string
	Account             string // twelve digits or $account
	Vault               string
	Lifecycle           Lifecycle
	KMSKeyARN           string // key of the destination for encrypted copies (our extension)
}

// Problem is one thing wrong with, or worth knowing about, a document.
type Problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Path    string `json:"path,omitempty"` // plans.nightly.rules[0].schedule_expression
	Message string `json:"message"`        // what is wrong and how to mend it
}

// Capabilities tells Compile what a kind can do; built from the driver registry.
type Capabilities struct {
	Kind        resource.Kind
	ARNPattern  string
	CopyRegion  bool
	CopyAccount bool
}
