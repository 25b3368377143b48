package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
)

// Ages after which something is taken for lost. Both are on Redis' clock.
const (
	staleGrantAge = 30 * time.Second
	lostStartAge  = 45 * time.Second
	repairBatch   = 500
	// lateLeases is how many lives of a lease, 45 s by default, the task of a job that was
	// put off may be late. The lease is given on the catalog's clock, however fast that is.
	lateLeases = 3
)

// repair finds what a crash swallowed: grants nobody enqueued or whose worker was killed,
// slots of jobs that have ended or vanished, and granted jobs whose start task is gone.
func (s *Scheduler) repair(ctx context.Context) error {
	grants, err := s.controller.StaleGrants(ctx, staleGrantAge, repairBatch)
	if errors.Is(err, admission.ErrNotReady) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for stale grants: %w", err)
	}
	if err := s.queue.EnqueueStale(ctx, grants); err != nil {
		return err
	}
	s.opts.OnRepair("stale_grant", len(grants))
	return s.repairHolders(ctx)
}

// repairHolders compares every holder in Redis with its job.
func (s *Scheduler) repairHolders(ctx context.Context) error {
	var cursor uint64
	for {
		holders, next, err := s.controller.Holders(ctx, cursor, repairBatch)
		if err != nil {
			return fmt.Errorf("list slot holders: %w", err)
		}
		if err := s.repairPage(ctx, holders); err != nil {
			return err
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

func (s *Scheduler) repairPage(ctx context.Context, holders []admission.Holder) error {
	ids := make([]string, len(holders))
	for i, h := range holders {
		ids[i] = h.JobID
	}
	jobs, err := s.store.JobsByID(ctx, ids)
	if err != nil {
		return fmt.Errorf("load jobs of slot holders: %w", err)
	}
	for _, h := range holders {
		job, known := jobs[h.JobID]
		if err := s.repairHolder(ctx, h, job, known); err != nil {
			return err
		}
	}
	return nil
}

// repairHolder frees the slots of a job that has ended, and starts one again that was
// begun but never got as far as its intent.
func (s *Scheduler) repairHolder(ctx context.Context, h admission.Holder, job catalog.Job, known bool) error {
	switch decideHolder(h, job, known, s.opts.RedisClock.Now(), s.clock.Now(), lateLeases*s.opts.LeaseTTL) {
	case holderEnded:
		s.opts.OnRepair("ended_holder", 1)
		return s.queue.Release(ctx, h.JobID)
	case holderLost:
		s.opts.OnRepair("lost_start", 1)
		return s.queue.Regrant(ctx, job)
	default:
		return nil
	}
}

type holderDecision int

const (
	holderFine holderDecision = iota
	holderEnded
	holderLost
)

// decideHolder is pure. A holder whose job is unknown was pruned or never ours. A job
// that just ended may still be about to release by itself, so it is left a moment. Slots
// age on Redis' clock, jobs on the catalog's. A job whose start call was put off holds its
// slots without an intent until it comes back, at most late after its time.
func decideHolder(h admission.Holder, job catalog.Job, known bool, redisNow, now time.Time, late time.Duration) holderDecision {
	age := redisNow.Sub(h.Since)
	putOff := !job.RetryAt.IsZero() && now.Before(job.RetryAt.Add(late))
	switch {
	case !known && age > lostStartAge, known && job.State.Terminal() && now.Sub(job.EndedAt) > staleGrantAge:
		return holderEnded
	case known && h.Entered && job.State == catalog.Created && !job.HoldsSlot() && !putOff && age > lostStartAge:
		return holderLost
	default:
		return holderFine
	}
}

// ignoreConflict drops ErrConflict: somebody else changed the row first.
func ignoreConflict(err error) error {
	if errors.Is(err, catalog.ErrConflict) {
		return nil
	}
	return err
}
