package scheduler

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/catalog/ledger"
	"holdfast/failure"
	"holdfast/resource"
	"holdfast/tasks"
)

// Limits of one pass of a duty.
const (
	dutyBatch     = 500
	maxLookGroups = 5000
)

// looks enqueues one look task per group with jobs due.
func (s *Scheduler) looks(ctx context.Context) error {
	now := s.clock.Now()
	groups, err := s.store.DueLooks(ctx, now, maxLookGroups)
	if err != nil {
		return fmt.Errorf("load due looks: %w", err)
	}
	for _, g := range groups {
		scope := resource.Scope{Partition: g.Partition, Account: g.Account, Region: g.Region}
		if err := s.queue.PutOnce(ctx, tasks.NewLook(scope, g.Kind, g.Operation, now)); err != nil {
			return err
		}
	}
	return nil
}

// windows ends waiting jobs whose start window passed, marks running ones that are
// overdue, and carries out cancellations.
func (s *Scheduler) windows(ctx context.Context) error {
	now := s.clock.Now()
	waiting, err := s.store.StartWindowPassed(ctx, now, dutyBatch)
	if err != nil {
		return fmt.Errorf("load jobs past their start window: %w", err)
	}
	for _, job := range waiting {
		if err := s.ender.End(ctx, job, catalog.Expired, failure.Window, job.LateMessage()); err != nil {
			return err
		}
	}
	overdue, err := s.store.Overdue(ctx, now, dutyBatch)
	if err != nil {
		return fmt.Errorf("load overdue jobs: %w", err)
	}
	for _, job := range overdue {
		if err := s.abort(ctx, job, failure.Window, "the completion window passed; AWS cannot cancel this operation, so its slot stays held until it ends"); err != nil {
			return err
		}
	}
	return s.cancels(ctx)
}

// cancels carries out the cancellations users asked for: a job that has not begun ends
// at once, one that runs on AWS is aborting until AWS is seen to have ended it.
func (s *Scheduler) cancels(ctx context.Context) error {
	jobs, err := s.store.CancelRequested(ctx, dutyBatch)
	if err != nil {
		return fmt.Errorf("load cancellations: %w", err)
	}
	for _, job := range jobs {
		if job.State == catalog.Created && job.IntentOwner == "" {
			err = s.ender.End(ctx, job, catalog.Aborted, "", "cancelled before it began")
		} else if job.State == catalog.Running {
			err = s.abort(ctx, job, "", "cancelled; the job ends when AWS does")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// abort moves a running job to ABORTING. It keeps its slot.
func (s *Scheduler) abort(ctx context.Context, job catalog.Job, class failure.Class, message string) error {
	m, err := catalog.Change(job, catalog.Aborting, s.clock.Now(), s.opts.Owner, func(j *catalog.Job) {
		j.Class, j.Message = class, message
	})
	if err != nil {
		return err
	}
	_, err = s.store.Commit(ctx, m)
	return ignoreConflict(err)
}

// expireAgainAfter is when a point whose expiry did not succeed is tried again.
const expireAgainAfter = 24 * time.Hour

// expiry inserts a deletion job for every point whose lifecycle is over. Points that are
// kept by count are left to retain, and those whose counts are gone with their rule are
// kept and reported; both are looked at again an hour later.
func (s *Scheduler) expiry(ctx context.Context) error {
	now := s.clock.Now()
	points, err := s.store.DuePoints(ctx, s.opts.Installation, now, dutyBatch)
	if err != nil {
		return fmt.Errorf("load due points: %w", err)
	}
	keeper := Keeper{s.policy()}
	var due []catalog.RecoveryPoint
	var later []string
	for _, p := range points {
		switch keeper.judge(p) {
		case byAge:
			due = append(due, p)
		case kept:
			s.log.Warn().Str("point", p.ID).Str("plan", p.Plan).Str("rule", p.Rule).
				Msg("a point is kept because the rule that kept it by count is not in the policy any more")
			later = append(later, p.ID)
		case byCount:
			later = append(later, p.ID)
		}
	}
	if len(later) > 0 {
		if err := s.store.KeepUntil(ctx, later, now.Add(keptAgainAfter)); err != nil {
			return fmt.Errorf("note what is kept: %w", err)
		}
	}
	return s.expire(ctx, due, now)
}

// keptAgainAfter is when a point that is kept beyond its lifecycle is looked at again.
const keptAgainAfter = time.Hour

// expire inserts the deletion jobs of points. The attempt is counted after the insertion:
// a crash in between inserts the same id again.
func (s *Scheduler) expire(ctx context.Context, points []catalog.RecoveryPoint, now time.Time) error {
	points, err := s.reachable(ctx, points, now)
	if err != nil {
		return err
	}
	if points, err = s.deletable(ctx, points, now); err != nil || len(points) == 0 {
		return err
	}
	jobs, ids := make([]catalog.Job, len(points)), make([]string, len(points))
	for i, p := range points {
		jobs[i], ids[i] = catalog.NewExpiry(p, "scheduler", now).After(s.opts.UndoWindow), p.ID
	}
	if _, err := s.store.InsertJobs(ctx, jobs); err != nil {
		return fmt.Errorf("insert expiry jobs: %w", err)
	}
	return s.store.CountExpireAttempt(ctx, ids, now.Add(expireAgainAfter))
}

// coldAgainAfter is when a move to cold storage that came to nothing is tried again.
const coldAgainAfter = 24 * time.Hour

// cold inserts an archive job for every point whose time to move to cold storage has come.
// As with expiries the attempt is counted after the insertion.
func (s *Scheduler) cold(ctx context.Context) error {
	now := s.clock.Now()
	points, err := s.store.DueCold(ctx, s.opts.Installation, now, dutyBatch)
	if err != nil || len(points) == 0 {
		return err
	}
	jobs, ids := make([]catalog.Job, len(points)), make([]string, len(points))
	for i, p := range points {
		jobs[i], ids[i] = catalog.NewArchive(p, "scheduler", now), p.ID
	}
	_, err = s.store.InsertJobs(ctx, jobs)
	if failure.Is(err, failure.Held) {
		return nil // the deletion of one has begun: the next pass sees that
	}
	if err != nil {
		return fmt.Errorf("insert archive jobs: %w", err)
	}
	return s.store.CountColdAttempt(ctx, ids, now.Add(coldAgainAfter))
}

// failures shows every failed job in the queue browser, once.
func (s *Scheduler) failures(ctx context.Context) error {
	jobs, err := s.store.UnnotedFailures(ctx, dutyBatch)
	if err != nil {
		return fmt.Errorf("load failed jobs: %w", err)
	}
	for _, job := range jobs {
		if err := s.queue.PutOnce(ctx, tasks.NewFailed(job.ID)); err != nil {
			return err
		}
	}
	return nil
}

// seal closes segments of what has happened since the last pass.
func (s *Scheduler) seal(ctx context.Context) error {
	_, err := ledger.SealAll(ctx, s.store, s.opts.LedgerKeys, s.clock.Now())
	return err
}

// Limits of pruning.
const (
	pruneBatch  = 5000
	archivedAge = 30 * 24 * time.Hour
)

// prune deletes history past its age and archived tasks nobody looked at.
func (s *Scheduler) prune(ctx context.Context) error {
	now := s.clock.Now()
	rows, err := s.store.Prune(ctx, now.Add(-s.opts.HistoryAge), pruneBatch)
	if err != nil {
		return fmt.Errorf("prune the catalog: %w", err)
	}
	archived, err := s.queue.PurgeArchived(now, archivedAge, dutyBatch)
	if err != nil {
		return err
	}
	if rows+archived > 0 {
		s.log.Info().Int("rows", rows).Int("archived_tasks", archived).Msg("pruned")
	}
	return nil
}
