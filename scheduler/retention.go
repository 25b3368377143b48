package scheduler

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/policy/retention"
)

// Limits of retention by count. A rule with more points than that is not judged: deciding
// on a part of them could delete what the whole keeps.
const (
	rulePointsPage = 1000
	maxRulePoints  = 1_000_000
)

// Keeper says what the policy in force wants of points, late: when they may be deleted.
type Keeper struct{ Set *policy.Set }

// Of returns what keeps point: the rule that made it, or for a copy the rule's copy
// action. known is false when the policy has no such rule or action any more.
func (k Keeper) Of(point catalog.RecoveryPoint) (keep retention.Policy, known bool) {
	if k.Set == nil || point.Plan == "" {
		return retention.Policy{}, false
	}
	plan := k.Set.Plan(point.Plan)
	if plan == nil {
		return retention.Policy{}, false
	}
	rule := plan.Rule(point.Rule)
	switch {
	case rule == nil:
		return retention.Policy{}, false
	case point.ParentID == "":
		return rule.Keep(), true
	}
	for _, action := range rule.CopyActions {
		if to := action.For(point.Source.Account); to.Account == point.Account && to.Region == point.Region && to.Vault == point.Vault {
			return action.Keep(), true
		}
	}
	return retention.Policy{}, false
}

// verdict is who decides when a point goes.
type verdict int

const (
	byAge   verdict = iota // the lifecycle stamped on it, as with AWS Backup
	byCount                // its rule's counts, which look at all points of the rule
	kept                   // nobody: it was made under counts its rule has no longer
)

// judge says who decides about point.
func (k Keeper) judge(point catalog.RecoveryPoint) verdict {
	keep, known := k.Of(point)
	switch {
	case known && keep.Counts():
		return byCount
	case !known && point.Counted:
		return kept
	}
	return byAge
}

// Decide decides about points of one rule that are kept by count; others are left out.
func (k Keeper) Decide(points []catalog.RecoveryPoint, now time.Time) []retention.Decision {
	// Points of one policy are decided together: a rule's own, and those of each copy.
	type group struct {
		keep   retention.Policy
		points []retention.Point
	}
	groups := map[string]*group{}
	for _, p := range points {
		keep, _ := k.Of(p)
		if k.judge(p) != byCount {
			continue
		}
		name := ""
		if p.ParentID != "" {
			name = p.Account + "/" + p.Region + "/" + p.Vault
		}
		if groups[name] == nil {
			groups[name] = &group{keep: keep}
		}
		groups[name].points = append(groups[name].points, retention.Point{
			ID: p.ID, CreatedAt: p.CreatedAt, DeleteAt: p.DeleteAt, Series: p.ResourceARN + " " + p.Account + " " + p.Region,
		})
	}
	var decisions []retention.Decision
	for _, g := range groups {
		decisions = append(decisions, retention.Decide(g.keep, g.points, now)...)
	}
	return decisions
}

// Fates says of each of the points of a rule, in their order, what keeps it or lets it go.
func (k Keeper) Fates(points []catalog.RecoveryPoint, now time.Time) []retention.Decision {
	counted := map[string]retention.Decision{}
	for _, d := range k.Decide(points, now) {
		counted[d.Point.ID] = d
	}
	fates := make([]retention.Decision, len(points))
	for i, p := range points {
		fates[i] = retention.Decision{Point: retention.Point{ID: p.ID, CreatedAt: p.CreatedAt}, Keep: true}
		switch k.judge(p) {
		case kept:
			fates[i].Reasons = []string{fmt.Sprintf("missing_rule: rule %s of plan %s kept it by count and is not in the policy any more", p.Rule, p.Plan)}
		case byAge:
			fates[i].Keep, fates[i].Reasons = stamped(p.DeleteAt, now)
		case byCount:
			fates[i] = counted[p.ID]
		}
	}
	return fates
}

// stamped says what the end of a lifecycle means.
func stamped(end, now time.Time) (keep bool, reasons []string) {
	switch {
	case end.IsZero():
		return true, []string{"for_ever: it has no delete_after_days"}
	case now.Before(end):
		return true, []string{"delete_after_days: until " + end.UTC().Format(time.RFC3339)}
	}
	return false, []string{"delete_after_days: over since " + end.UTC().Format(time.RFC3339)}
}

// Explain is Fates for one of points, or for a point that no rule made.
func (k Keeper) Explain(point catalog.RecoveryPoint, points []catalog.RecoveryPoint, now time.Time) retention.Decision {
	for _, d := range k.Fates(points, now) {
		if d.Point.ID == point.ID {
			return d
		}
	}
	return k.Fates([]catalog.RecoveryPoint{point}, now)[0]
}

// counted reports whether the rule or one of its copies keeps points by count.
func counted(rule policy.Rule) bool {
	for _, action := range rule.CopyActions {
		if action.Retention.Counts() {
			return true
		}
	}
	return rule.Retention.Counts()
}

// retain expires what the counts of every rule no longer keep.
func (s *Scheduler) retain(ctx context.Context) error {
	set := s.policy()
	if set == nil {
		return nil
	}
	for _, plan := range set.Plans {
		for _, rule := range plan.Rules {
			if !counted(rule) {
				continue
			}
			if err := s.retainRule(ctx, Keeper{set}, plan.Name, rule.Name); err != nil {
				return fmt.Errorf("retention of rule %s/%s: %w", plan.Name, rule.Name, err)
			}
		}
	}
	return nil
}

func (s *Scheduler) retainRule(ctx context.Context, keeper Keeper, plan, rule string) error {
	points, err := RulePoints(ctx, s.store, plan, rule)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	var ids []string
	for _, d := range keeper.Decide(points, now) {
		if !d.Keep {
			ids = append(ids, d.Point.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	due, err := s.store.Expirable(ctx, s.opts.Installation, ids, now)
	if err != nil {
		return fmt.Errorf("load points to expire: %w", err)
	}
	for from := 0; from < len(due); from += dutyBatch {
		if err := s.expire(ctx, due[from:min(from+dutyBatch, len(due))], now); err != nil {
			return err
		}
	}
	if len(due) > 0 {
		s.log.Info().Str("plan", plan).Str("rule", rule).Int("points", len(due)).Msg("points are no longer kept by count")
	}
	return nil
}

// RuleStore pages through the points of a rule.
type RuleStore interface {
	RulePoints(ctx context.Context, plan, rule, afterID string, limit int) ([]catalog.RecoveryPoint, error)
}

// RulePoints returns all points of a rule that can be restored.
func RulePoints(ctx context.Context, store RuleStore, plan, rule string) (all []catalog.RecoveryPoint, err error) {
	for after := ""; ; after = all[len(all)-1].ID {
		page, err := store.RulePoints(ctx, plan, rule, after, rulePointsPage)
		if err != nil {
			return nil, fmt.Errorf("load the points of rule %s/%s: %w", plan, rule, err)
		}
		for i := range page {
			page[i].Source.Settings, page[i].Source.Tags = nil, nil // large, and not needed
		}
		all = append(all, page...)
		if len(page) < rulePointsPage {
			return all, nil
		}
		if len(all) >= maxRulePoints {
			return nil, fmt.Errorf("rule %s/%s has more than %d points: none of them is deleted by count", plan, rule, maxRulePoints)
		}
	}
}
