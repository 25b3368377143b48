package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// AWSPlan is what plans of AWS Backup can have that Holdfast's YAML has no key for. It is
// kept so that plans and policies of AWS can be converted into each other without loss.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupPlanInput.html
type AWSPlan struct {
	Tags         map[string]string
	ScanSettings []ScanSetting
}

// ScanSetting is what a malware scanner looks at.
type ScanSetting struct {
	Scanner       string   `yaml:"MalwareScanner,required" json:"MalwareScanner"`
	ResourceTypes []string `yaml:"ResourceTypes" json:"ResourceTypes,omitempty"`
	RoleARN       string   `yaml:"ScannerRoleArn" json:"ScannerRoleArn,omitempty"`
}

// AWSRule is the same for rules.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html
type AWSRule struct {
	AirGappedVaultARN string
	IndexTypes        []string
	ScanActions       []ScanAction
}

// ScanAction asks a malware scanner to look at each point.
type ScanAction struct {
	Scanner string `yaml:"MalwareScanner,required" json:"MalwareScanner"`
	Mode    string `yaml:"ScanMode" json:"ScanMode,omitempty"`
}

// AWSOnly lists what only AWS Backup can carry out, for targets that have no place for it.
func (d Document) AWSOnly() (found []Problem) {
	note := func(path, message string) { found = append(found, Problem{Path: path, Message: message}) }
	for i, p := range d.Plans {
		at := fmt.Sprintf("plans[%d]", i)
		if len(p.AWS.Tags) > 0 {
			note(at+".backup_plan_tags", "plans of Holdfast have no tags of their own")
		}
		if len(p.AWS.ScanSettings) > 0 {
			note(at+".scan_settings", notCarriedOut["scanactions"])
		}
		for j, r := range p.Rules {
			at := indexed(at+".rules", j)
			if r.AWS.AirGappedVaultARN != "" {
				note(at+".target_logically_air_gapped_backup_vault_arn", notCarriedOut["targetlogicallyairgappedbackupvaultarn"])
			}
			if len(r.AWS.IndexTypes) > 0 {
				note(at+".index_actions", notCarriedOut["indexactions"])
			}
			if len(r.AWS.ScanActions) > 0 {
				note(at+".scan_actions", notCarriedOut["scanactions"])
			}
		}
	}
	return found
}

// ofAWS are the keys of each type of a Document that AWS has too; everything else is
// Holdfast's addition. A new key is one until it is put here.
var ofAWS = map[reflect.Type][]string{
	reflect.TypeFor[PlanDocument](): {"name", "regions", "rules", "selections", "advanced_backup_settings"},
	reflect.TypeFor[RuleDocument](): {
		"name", "schedule_expression", "schedule_expression_timezone", "start_window_minutes", "completion_window_minutes",
		"target_backup_vault_name", "lifecycle", "copy_actions", "recovery_point_tags", "enable_continuous_backup",
	},
	reflect.TypeFor[CopyActionDocument](): {"destination_backup_vault_arn", "lifecycle"},
}

// Additions lists what the document says that neither plans of AWS Backup nor policies of
// AWS Organizations can express.
func (d Document) Additions() (found []Problem) {
	for i, p := range d.Plans {
		at := fmt.Sprintf("plans[%d]", i)
		found = append(found, additions(p, at)...)
		for j, r := range p.Rules {
			at := indexed(at+".rules", j)
			found = append(found, additions(r, at)...)
			for k, c := range r.CopyActions {
				found = append(found, additions(c, indexed(at+".copy_actions", k))...)
			}
		}
	}
	return found
}

func additions(doc any, path string) (found []Problem) {
	v := reflect.ValueOf(doc)
	fields := fieldsOf(v)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(ofAWS[v.Type()], name) && !fields[name].value.IsZero() {
			found = append(found, Problem{Path: join(path, name), Message: name + " is Holdfast's own and has no counterpart there; remove it"})
		}
	}
	return found
}

// onlyAWS refuses what would change what is protected, and tells about the rest.
func (c *compiler) onlyAWS(path string, plan PlanDocument) {
	for _, p := range (Document{Plans: []PlanDocument{plan}}).AWSOnly() {
		at := path + strings.TrimPrefix(p.Path, "plans[0]")
		if strings.HasSuffix(at, ".backup_plan_tags") {
			c.report.warning(at, "ignored: %s", p.Message)
			continue
		}
		c.report.problem(at, "%s", p.Message)
	}
}
