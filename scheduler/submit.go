package scheduler

import (
	"context"
	"errors"
	"fmt"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/producer"
)

// Limits of one pass.
const (
	submitBatch   = 1000
	submitBatches = 50
	holdersPage   = 1000
)

// submit carries waiting jobs from the catalog to admission, after rebuilding admission
// when Redis does not know its slots.
func (s *Scheduler) submit(ctx context.Context) error {
	epoch, err := s.epoch(ctx)
	if err != nil {
		return err
	}
	for range submitBatches {
		jobs, err := s.store.Submittable(ctx, epoch, s.clock.Now(), submitBatch)
		if err != nil {
			return fmt.Errorf("load waiting jobs: %w", err)
		}
		if err := s.queue.Submit(ctx, jobs, epoch); err != nil {
			return err
		}
		if len(jobs) < submitBatch {
			return nil
		}
	}
	return nil
}

// epoch returns the open admission epoch, opening a new one when Redis was emptied or
// restarted, or is behind the catalog.
func (s *Scheduler) epoch(ctx context.Context) (int64, error) {
	open, err := s.controller.Epoch(ctx)
	if err != nil && !errors.Is(err, admission.ErrNotReady) {
		return 0, fmt.Errorf("read admission epoch: %w", err)
	}
	known, catalogErr := s.store.Epoch(ctx)
	if catalogErr != nil {
		return 0, fmt.Errorf("read catalog epoch: %w", catalogErr)
	}
	if err == nil && open == known {
		return open, nil
	}
	return s.openEpoch(ctx, max(open, known), known)
}

// openEpoch rebuilds admission from the catalog. The catalog's epoch moves first: from
// then on no intent of an older grant can be written, so the holders read afterwards are
// all there are.
func (s *Scheduler) openEpoch(ctx context.Context, newest, known int64) (int64, error) {
	epoch := known
	for epoch <= newest || epoch == known {
		next, err := s.store.BumpEpoch(ctx, epoch)
		if err != nil {
			return 0, fmt.Errorf("open admission epoch: %w", err)
		}
		epoch = next
	}
	holders, err := s.catalogHolders(ctx)
	if err != nil {
		return 0, err
	}
	caps, err := s.effectiveCaps(ctx)
	if err != nil {
		return 0, err
	}
	err = s.controller.Rebuild(ctx, admission.Snapshot{Epoch: epoch, Caps: caps, Window: s.window(), Holders: holders})
	if err != nil {
		return 0, fmt.Errorf("rebuild admission for epoch %d: %w", epoch, err)
	}
	s.log.Warn().Int64("epoch", epoch).Int("holders", len(holders)).Msg("admission rebuilt from the catalog")
	s.opts.OnRepair("epoch", 1)
	return epoch, nil
}

// catalogHolders returns every job that must hold slots.
func (s *Scheduler) catalogHolders(ctx context.Context) ([]admission.Holder, error) {
	var holders []admission.Holder
	after := ""
	for {
		jobs, err := s.store.Holders(ctx, after, holdersPage)
		if err != nil {
			return nil, fmt.Errorf("load slot holders: %w", err)
		}
		for _, job := range jobs {
			holders = append(holders, s.holderOf(job))
		}
		if len(jobs) < holdersPage {
			return holders, nil
		}
		after = jobs[len(jobs)-1].ID
	}
}

func (s *Scheduler) holderOf(job catalog.Job) admission.Holder {
	request := producer.NewRequest(job, s.opts.Units)
	keys := request.Keys
	if request.Resource != "" {
		keys = append(keys, request.Resource)
	}
	return admission.Holder{JobID: job.ID, Group: request.Group, Keys: keys, Since: s.clock.Now(), Entered: true}
}

// minWindow is the least dispatch window: granted but not begun.
const minWindow = 64

// window is twice what the live workers can run at once, at least minWindow.
func (s *Scheduler) window() int {
	workers, err := s.queue.Workers()
	if err != nil {
		s.log.Warn().Err(err).Msg("live workers could not be counted")
	}
	return max(2*workers, minWindow)
}
