package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
		if err := q.pass(ctx); err != nil {
			return err
		}
		recorded, err := insert(ctx, q, "fires", fireColumns, fires, "plan, rule, at", "plan || '/' || rule || ' ' || at")
		if err != nil {
			return err
		}
		if err := q.addEvents(ctx, fireEvents(fires, recorded)); err != nil {
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

// fireEvents returns what is to be known of those of fires that were recorded.
func fireEvents(fires []catalog.Fire, recorded []string) (events []catalog.Event) {
	isNew := map[string]bool{}
	for _, key := range recorded {
		isNew[key] = true
	}
	for _, f := range fires {
		key := f.Plan + "/" + f.Rule
		if full := fmt.Sprintf("%s %d", key, millis(f.At)); isNew[full] {
			delete(isNew, full) // one event each, however often it is among fires
			events = append(events, catalog.Event{
				At: f.PlannedAt, Type: "fire." + strings.ToLower(string(f.State)), Actor: "scheduler", From: f.At.UTC().Format(time.RFC3339), To: key,
				Message: strings.TrimPrefix(fmt.Sprintf("%s; %d jobs", f.Note, f.Jobs), "; "),
			})
		}
	}
	return events
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
