package policy

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// File is one policy document as read.
type File struct {
	Name string // as the user knows it; used in problems
	Data []byte
}

// Document is what a policy says, whatever it is written in: Holdfast's YAML as it
// stands, and what plans of AWS Backup and policies of AWS Organizations are converted
// into. A nil number was left out. Nothing in it has been checked; see CompileDocuments.
type Document struct {
	Plans  []PlanDocument  `yaml:"plans,required"`
	Vaults []VaultDocument `yaml:"vaults"`
}

// PlanDocument is one plan. Accounts and Regions limit it; without them it applies to
// every account and region of the installation.
type PlanDocument struct {
	Name       string              `yaml:"name,required"`
	Accounts   []string            `yaml:"accounts"`
	Regions    []string            `yaml:"regions"`
	Rules      []RuleDocument      `yaml:"rules,required"`
	Selections []SelectionDocument `yaml:"selections"`
	// AdvancedSettings are the options AWS Backup has for one kind each.
	AdvancedSettings []AdvancedSetting `yaml:"advanced_backup_settings"`
	// Target is the root, unit or account of an organization whose accounts the plan is
	// for. It is part of the compiled plan's name, since other targets have a plan of the
	// same name that differs.
	Target string `yaml:"-"`
	// AWS is what only AWS Backup carries out.
	AWS AWSPlan `yaml:"-"`
}

// RuleDocument is one rule of a plan.
type RuleDocument struct {
	Name                    string               `yaml:"name,required"`
	ScheduleExpression      string               `yaml:"schedule_expression"`
	ScheduleTimezone        string               `yaml:"schedule_expression_timezone"`
	StartWindowMinutes      *int64               `yaml:"start_window_minutes"`
	CompletionWindowMinutes *int64               `yaml:"completion_window_minutes"`
	TargetBackupVaultName   string               `yaml:"target_backup_vault_name,required"`
	Lifecycle               LifecycleDocument    `yaml:"lifecycle"`
	CopyActions             []CopyActionDocument `yaml:"copy_actions"`
	RecoveryPointTags       map[string]string    `yaml:"recovery_point_tags"`
	EnableContinuousBackup  *bool                `yaml:"enable_continuous_backup"`
	// What follows goes beyond AWS Backup.
	Retention    *RetentionDocument `yaml:"retention"`
	Selections   []string           `yaml:"selections"`
	Engine       string             `yaml:"engine"`
	Priority     *int64             `yaml:"priority"`
	RPOObjective string             `yaml:"rpo_objective"`
	MaxDelay     string             `yaml:"max_delay"`
	// AWS is what only AWS Backup carries out.
	AWS AWSRule `yaml:"-"`
}

// LifecycleDocument is how long points live, in days.
type LifecycleDocument struct {
	MoveToColdStorageAfterDays *int64 `yaml:"move_to_cold_storage_after_days"`
	DeleteAfterDays            *int64 `yaml:"delete_after_days"`
	OptInToArchive             *bool  `yaml:"opt_in_to_archive_for_supported_resources"`
}

// RetentionDocument is retention by count, beside or instead of lifecycle.delete_after_days.
type RetentionDocument struct {
	KeepLast    *int64 `yaml:"keep_last"`
	KeepHourly  *int64 `yaml:"keep_hourly"`
	KeepDaily   *int64 `yaml:"keep_daily"`
	KeepWeekly  *int64 `yaml:"keep_weekly"`
	KeepMonthly *int64 `yaml:"keep_monthly"`
	KeepYearly  *int64 `yaml:"keep_yearly"`
	Timezone    string `yaml:"timezone"`
}

// CopyActionDocument asks for a copy of each point.
type CopyActionDocument struct {
	DestinationBackupVaultARN string             `yaml:"destination_backup_vault_arn,required"`
	Lifecycle                 LifecycleDocument  `yaml:"lifecycle"`
	Retention                 *RetentionDocument `yaml:"retention"`
	KMSKeyARN                 string             `yaml:"kms_key_arn"`
}

// SelectionDocument says which resources a plan takes.
type SelectionDocument struct {
	Name       string   `yaml:"name,required"`
	IAMRoleARN string   `yaml:"iam_role_arn"` // AWS's; roles come from Holdfast's configuration
	Criteria   Criteria `yaml:",inline"`
}

// ParseDocument reads one file of Holdfast's YAML without compiling it. With problems the
// document is not to be used.
func ParseDocument(f File) (Document, Result) {
	r := newReport(f.Name)
	doc := parseDocument(f, r)
	return doc, gather([]*report{r})
}

// parseDocument reads one file as far as it can be read; what is wrong is in the report.
func parseDocument(f File, r *report) (doc Document) {
	root, ok := readYAML(f, r)
	if !ok {
		return doc
	}
	d := decoder{report: r}
	d.decode(root, "", reflect.ValueOf(&doc).Elem())
	if d.nodes > maxNodes {
		return Document{} // half a document would only be reported for what it lacks
	}
	return doc
}

// readYAML returns the root of the only document in f, within the limits of a file.
func readYAML(f File, r *report) (root *yaml.Node, ok bool) {
	if len(f.Data) > maxFileBytes {
		r.problem("", "the file has %d bytes, at most %d are read", len(f.Data), maxFileBytes)
		return nil, false
	}
	if at := invalidUTF8(f.Data); at >= 0 {
		r.problemAt(1+bytes.Count(f.Data[:at], []byte("\n")), "", "the file is not UTF-8: byte %d; save it as UTF-8", at)
		return nil, false
	}
	return parseYAML(f.Data, r)
}

// invalidUTF8 returns where the first byte is that is not UTF-8; -1 when there is none.
func invalidUTF8(data []byte) (at int) {
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
	return -1
}

// parseYAML returns the root of the only document in data.
func parseYAML(data []byte, r *report) (root *yaml.Node, ok bool) {
	// The decoder, unlike Unmarshal, shows whether a second document follows.
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	switch err := decoder.Decode(&first); {
	case errors.Is(err, io.EOF):
		r.problem("", "the file is empty: write plans: and a list of plans, or plans: [] for none")
		return nil, false
	case err != nil:
		r.yamlError(err)
		return nil, false
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		r.problemAt(second.Line, "", "the file has a second document (---): use one file for each")
		return nil, false
	case !errors.Is(err, io.EOF):
		r.yamlError(err)
		return nil, false
	}
	return first.Content[0], true
}

var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// yamlError reports a syntax error with the line the parser put into its text.
func (r *report) yamlError(err error) {
	text := err.Error()
	found := yamlErrorLine.FindStringSubmatch(text)
	line := 0
	if found != nil && found[1] != "" {
		line, _ = strconv.Atoi(found[1]) // digits only; too many of them leave 0, line unknown
	}
	if found != nil {
		text = text[len(found[0]):]
	}
	r.problemAt(line, "", "not valid YAML: %s", clip(text))
}
