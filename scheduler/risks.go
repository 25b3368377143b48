package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/catalog"
)

// windowMargin is how long before the end of its start window a job that still waits is
// called at risk.
const windowMargin = 15 * time.Minute

// risks records what is at risk now: metrics show it, and notifications tell of what is
// new. That somebody leads is shown by this pass itself.
func (s *Scheduler) risks(ctx context.Context) error {
	now := s.clock.Now()
	missed, err := s.store.MissedRPO(ctx)
	if err != nil {
		return err
	}
	closing, err := s.store.WindowsClosing(ctx, now, now.Add(windowMargin))
	if err != nil {
		return err
	}
	stuck, err := s.store.Undeletable(ctx)
	if err != nil {
		return err
	}
	for _, found := range []struct {
		kind  string
		risks []catalog.Risk
	}{
		{catalog.RiskRPO, s.ruled(missed)}, {catalog.RiskWindow, closing}, {catalog.RiskUndeletable, stuck}, {catalog.RiskLeader, nil},
	} {
		if err := s.store.SetRisks(ctx, found.kind, found.risks, now, s.opts.Owner); err != nil {
			return fmt.Errorf("record what is at risk: %w", err)
		}
	}
	return nil
}

// ruled leaves out rules that are in the policy no more: nobody waits for their backups.
func (s *Scheduler) ruled(risks []catalog.Risk) []catalog.Risk {
	set := s.policy()
	return slices.DeleteFunc(risks, func(r catalog.Risk) bool {
		if set == nil {
			return true
		}
		plan := set.Plan(r.Plan)
		return plan == nil || plan.Rule(r.Rule) == nil
	})
}
