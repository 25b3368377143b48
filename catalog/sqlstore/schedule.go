package sqlstore

import (
	"context"
	"slices"
	"time"

	"holdfast/catalog"
)

// SeeRule implements catalog.Schedule.
func (s *Store) SeeRule(ctx context.Context, plan, rule string, now time.Time) (state catalog.RuleState, err error) {
	err = s.update(ctx, "see rule "+plan+"/"+rule, func(ctx context.Context, q session) error {
		fresh := []catalog.RuleState{{Plan: plan, Rule: rule, FirstSeenAt: now}}
		if _, err := insert(ctx, q, "rules", ruleColumns, fresh, "plan, rule", "plan"); err != nil {
			return err
		}
		states, err := read(ctx, q, ruleColumns, "FROM rules WHERE plan = ? AND rule = ?", plan, rule)
		if err != nil {
			return err
		}
		state, err = only(states, "rule", plan+"/"+rule)
		return err
	})
	return state, err
}

// RecordFires implements catalog.Schedule.
func (s *Store) RecordFires(ctx context.Context, fires []catalog.Fire) error {
	if len(fires) == 0 {
		return nil
	}
	type key struct{ plan, rule string }
	newest := map[key]catalog.RuleState{}
	for _, f := range fires {
		k := key{f.Plan, f.Rule}
		if r := newest[k]; f.At.After(r.LastFireAt) {
			newest[k] = catalog.RuleState{Plan: f.Plan, Rule: f.Rule, LastFireAt: f.At}
		}
	}
	rules := make([]catalog.RuleState, 0, len(newest))
	for _, r := range newest {
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b catalog.RuleState) int {
		return slices.Compare([]string{a.Plan, a.Rule}, []string{b.Plan, b.Rule})
	})
	return s.update(ctx, "record fires", func(ctx context.Context, q session) error {
		if _, err := insert(ctx, q, "fires", fireColumns, fires, "plan, rule, at", "plan"); err != nil {
			return err
		}
		rows, err := collect(ruleColumns, rules)
		if err != nil {
			return err
		}
		_, err = q.bulk(ctx, rows, `UPDATE rules SET last_fire_at = v.last_fire_at FROM v
			WHERE rules.plan = v.plan AND rules.rule = v.rule AND rules.last_fire_at < v.last_fire_at`)
		return err
	})
}

// Fires implements catalog.Schedule.
func (s *Store) Fires(ctx context.Context, plan, rule string, limit int) (fires []catalog.Fire, err error) {
	c := &conditions{dialect: s.dialect}
	c.equal("plan", plan)
	c.equal("rule", rule)
	err = s.view(ctx, "list fires", func(ctx context.Context, q session) (err error) {
		fires, err = read(ctx, q, fireColumns, "FROM fires"+c.where()+" ORDER BY at DESC, plan, rule LIMIT ?", append(c.args, limit)...)
		return err
	})
	return fires, err
}
