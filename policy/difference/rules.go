package difference

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"holdfast/policy"
)

// The sorts of changes of a rule.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// RuleChange is what is different about one rule.
type RuleChange struct {
	Plan   string  `json:"plan"`
	Rule   string  `json:"rule"`
	Change string  `json:"change"`
	Fields []Field `json:"fields,omitempty"` // of a changed rule
}

// Field is one setting; an empty side means that it is not set there.
type Field struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Rules compares two policies rule by rule, in the order of the new one, removed rules
// last. Plans and rules are the same when their names are, whatever the case.
func Rules(before, after *policy.Set) (changes []RuleChange) {
	eachRule(after, func(p *policy.Plan, r *policy.Rule) {
		old, oldPlan := find(before, p.Name, r.Name)
		if old == nil {
			changes = append(changes, RuleChange{Plan: p.Name, Rule: r.Name, Change: Added})
		} else if fields := compare(settings(oldPlan, old), settings(p, r)); len(fields) > 0 {
			changes = append(changes, RuleChange{Plan: p.Name, Rule: r.Name, Change: Changed, Fields: fields})
		}
	})
	eachRule(before, func(p *policy.Plan, r *policy.Rule) {
		if still, _ := find(after, p.Name, r.Name); still == nil {
			changes = append(changes, RuleChange{Plan: p.Name, Rule: r.Name, Change: Removed})
		}
	})
	return changes
}

func eachRule(set *policy.Set, do func(*policy.Plan, *policy.Rule)) {
	for i := range set.Plans {
		for j := range set.Plans[i].Rules {
			do(&set.Plans[i], &set.Plans[i].Rules[j])
		}
	}
}

func find(set *policy.Set, plan, rule string) (*policy.Rule, *policy.Plan) {
	p := set.Plan(plan)
	if p == nil {
		return nil, nil
	}
	return p.Rule(rule), p
}

// compare lists what differs, by path.
func compare(before, after map[string]string) (fields []Field) {
	paths := map[string]bool{}
	for path := range before {
		paths[path] = true
	}
	for path := range after {
		paths[path] = true
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if before[path] != after[path] {
			fields = append(fields, Field{path, before[path], after[path]})
		}
	}
	return fields
}

// settings writes everything a rule does as text, by the key of the policy language.
func settings(p *policy.Plan, r *policy.Rule) map[string]string {
	s := map[string]string{}
	set := func(path string, value any) {
		if v := reflect.ValueOf(value); !v.IsZero() {
			s[path] = fmt.Sprint(value)
		}
	}
	set("schedule_expression", r.Schedule.String())
	set("schedule_expression_timezone", r.Schedule.Timezone())
	set("start_window_minutes", int(r.StartWindow/time.Minute))
	set("completion_window_minutes", int(r.CompletionWindow/time.Minute))
	set("target_backup_vault_name", r.Vault)
	set("enable_continuous_backup", r.ContinuousBackup)
	set("engine", string(r.Engine))
	set("priority", r.Priority)
	set("rpo_objective", r.RPOObjective)
	set("max_delay", r.MaxDelay)
	set("accounts", strings.Join(p.Accounts, ", "))
	set("regions", strings.Join(p.Regions, ", "))
	lifecycle(set, "", r.Lifecycle)
	retained(set, "", *r)
	for key, value := range r.RecoveryPointTags {
		set("recovery_point_tags."+key, value)
	}
	for kind, options := range r.BackupOptions {
		for name, value := range options {
			set("advanced_backup_settings["+string(kind)+"].backup_options."+name, value)
		}
	}
	for _, c := range r.CopyActions {
		at := "copy_actions[" + c.DestinationVaultARN + "]"
		s[at] = "copied"
		lifecycle(set, at+".", c.Lifecycle)
		retained(set, at+".", policy.Rule{Retention: c.Retention})
		set(at+".kms_key_arn", c.KMSKeyARN)
	}
	for i := range p.Selections {
		if selection := &p.Selections[i]; r.Uses(selection.Name) {
			s["selections."+selection.Name] = fmt.Sprintf("%+v", selection.Criteria)
		}
	}
	return s
}

func lifecycle(set func(string, any), at string, l policy.Lifecycle) {
	set(at+"lifecycle.delete_after_days", l.DeleteAfterDays)
	set(at+"lifecycle.move_to_cold_storage_after_days", l.MoveToColdStorageAfterDays)
	set(at+"lifecycle.opt_in_to_archive_for_supported_resources", l.OptInToArchive)
}

func retained(set func(string, any), at string, r policy.Rule) {
	k := r.Retention
	set(at+"retention.keep_last", k.KeepLast)
	set(at+"retention.keep_hourly", k.KeepHourly)
	set(at+"retention.keep_daily", k.KeepDaily)
	set(at+"retention.keep_weekly", k.KeepWeekly)
	set(at+"retention.keep_monthly", k.KeepMonthly)
	set(at+"retention.keep_yearly", k.KeepYearly)
	if k.Counts() {
		set(at+"retention.timezone", k.Timezone())
	}
}
