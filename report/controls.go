package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/report/protection"
)

// Controls is the kind of the report on AWS Backup Audit Manager's controls.
const Controls Kind = "controls"

// The outcomes of a control.
const (
	outcomePass = "pass"
	outcomeFail = "fail"
	outcomeOpen = "not_evaluated" // the catalog cannot tell
)

func controlsKind() Description {
	return Description{
		Kind: Controls, Title: "Controls", Present: true,
		Doc: "The controls of AWS Backup Audit Manager, evaluated for every resource from the catalog and the policies in force, now rather than the next day. `--set NAME=VALUE` changes their parameters.",
		Tables: []Table{
			{Name: "controls", Title: "Controls", Columns: []Column{
				{"control", Text, "name of the control in the API of AWS Backup"},
				{"means", Text, "what it asks for"},
				{"parameters", Text, "its parameters, by AWS's names"},
				{"pass", Count, "resources that pass"},
				{"fail", Count, "resources that fail"},
				{"not_evaluated", Count, "resources for which the catalog cannot tell"},
				{"share", Share, "part of the evaluated resources that pass"},
			}},
			{Name: "resources", Title: "Resources, failures first", Columns: []Column{
				{"control", Text, "name of the control"},
				{"resource", Text, "ARN of the resource"},
				{"account", Text, "its account"},
				{"region", Text, "its region"},
				{"outcome", Outcome, "`pass`, `fail` or `not_evaluated`"},
				{"reason", Text, "why"},
			}},
		},
	}
}

// control is one control of AWS Backup Audit Manager. The IAM roles that may delete
// (principalArnList) are no parameter here: the policies of vaults are not known.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/controls-and-remediation.html
type control struct {
	name, means string
	parameters  []string // names, as AWS spells them
	judge       func(*auditor, protection.Resource) (outcome, reason string)
}

// auditor is what controls judge with.
type auditor struct {
	Parameters
	now      time.Time
	set      *policy.Set
	gaps     map[*policy.Rule]time.Duration
	restores map[string]catalog.RestoreTime
}

func controls() []control {
	return []control{
		{"BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN", "a backup plan takes the resource", nil, (*auditor).planned},
		{"BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK", "a rule that takes it runs and keeps often and long enough", []string{frequencyValue, frequencyUnit, requiredRetention}, (*auditor).frequency},
		{"BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED", "its points lie in locked vaults, from which nobody deletes them early", nil, (*auditor).undeletable},
		{"BACKUP_RECOVERY_POINT_ENCRYPTED", "its points are encrypted", nil, (*auditor).encrypted},
		{"BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", "its points are kept long enough", []string{requiredRetention}, (*auditor).retention},
		{"BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION", "a rule that takes it copies to another region", []string{crossRegions}, (*auditor).crossRegion},
		{"BACKUP_RESOURCES_PROTECTED_BY_CROSS_ACCOUNT", "a rule that takes it copies to another account", []string{crossAccounts}, (*auditor).crossAccount},
		{"BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK", "a rule that takes it puts its points, or copies of them, into a locked vault", []string{minLock, maxLock}, (*auditor).locked},
		{"BACKUP_LAST_RECOVERY_POINT_CREATED", "its newest point is young enough", []string{pointAgeValue, pointAgeUnit}, (*auditor).lastPoint},
		{"RESTORE_TIME_FOR_RESOURCES_MEET_TARGET", "its last restore was fast enough", []string{maxRestore}, (*auditor).restoreTime},
		{"RESOURCES_IN_LOGICALLY_AIR_GAPPED_VAULT", "a young enough point lies in a logically air-gapped vault", []string{pointAgeValue, pointAgeUnit}, (*auditor).airGapped},
	}
}

// restoreHistory is how far back restores are looked for.
const restoreHistory = 400 * 24 * time.Hour

func makeControls(ctx context.Context, src Source, _ Request, r *Report) error {
	resources, err := protection.Survey(ctx, src.Store, src.Policies, protection.Options{Now: src.Now, From: src.Now, To: src.Now})
	if err != nil {
		return err
	}
	a := &auditor{Parameters: src.Parameters, now: src.Now, set: src.Policies, gaps: map[*policy.Rule]time.Duration{}, restores: map[string]catalog.RestoreTime{}}
	restores, err := src.Store.RestoreTimes(ctx, src.Now.Add(-restoreHistory))
	if err != nil {
		return err
	}
	for _, one := range restores {
		a.restores[one.ResourceARN] = one
	}
	var summary, rows [][]any
	var failed, judged int64
	for _, c := range controls() {
		counts := map[string]int64{}
		for _, one := range resources {
			outcome, reason := c.judge(a, one)
			counts[outcome]++
			rows = append(rows, []any{c.name, one.ARN, one.Account, one.Region, outcome, reason})
		}
		evaluated := counts[outcomePass] + counts[outcomeFail]
		failed, judged = failed+counts[outcomeFail], judged+evaluated
		summary = append(summary, []any{c.name, c.means, a.describe(c.parameters), counts[outcomePass], counts[outcomeFail], counts[outcomeOpen], shareOf(counts[outcomePass], evaluated)})
	}
	order := map[any]int{outcomeFail: 0, outcomeOpen: 1, outcomePass: 2}
	slices.SortStableFunc(rows, func(a, b []any) int { return cmp.Compare(order[a[4]], order[b[4]]) })
	r.Tables = fill(Controls, summary, rows[:min(len(rows), maxFindings)])
	r.Tables[1].Left = max(0, len(rows)-maxFindings)
	r.Figures = controlFigures(summary, int64(len(resources)), judged, failed)
	r.Charts = []Chart{controlChart(summary)}
	r.Notes = append(r.Notes,
		"Access policies of vaults are not in the catalog: manual deletion counts as prevented where the policies tell of a vault lock with a minimum.",
		"This is Holdfast's own evaluation of what the controls ask for; it does not replace a framework of AWS Backup Audit Manager where an auditor wants one.")
	return nil
}

func controlFigures(summary [][]any, resources, judged, failed int64) []Figure {
	clean := int64(0)
	for _, row := range summary {
		if row[4] == int64(0) {
			clean++
		}
	}
	return []Figure{
		{"resources", "Resources", Value{Count, resources}, Neutral},
		{"controls", "Controls", Value{Count, int64(len(summary))}, Neutral},
		{"clean", "Controls nothing fails", Value{Count, clean}, goodIf(clean == int64(len(summary)))},
		{"pass", "Evaluations that pass", Value{Share, shareOf(judged-failed, judged)}, goodIf(failed == 0)},
		{"fail", "Evaluations that fail", Value{Count, failed}, goodIf(failed == 0)},
	}
}

func controlChart(summary [][]any) Chart {
	chart := Chart{Title: "Resources by control", Shape: Bars, Type: Count, Series: []Series{{Name: "pass", Tone: Good}, {Name: "fail", Tone: Bad}, {Name: "not evaluated"}}}
	for _, row := range summary {
		name := strings.TrimPrefix(strings.TrimPrefix(row[0].(string), "BACKUP_"), "RESOURCES_")
		chart.Labels = append(chart.Labels, strings.ToLower(strings.ReplaceAll(name, "_", " ")))
		for i, n := range row[3:6] {
			chart.Series[i].Values = append(chart.Series[i].Values, float64(n.(int64)))
		}
	}
	return chart
}

// verdict is pass or fail.
func verdict(pass bool, format string, args ...any) (outcome, reason string) {
	if pass {
		return outcomePass, fmt.Sprintf(format, args...)
	}
	return outcomeFail, fmt.Sprintf(format, args...)
}
