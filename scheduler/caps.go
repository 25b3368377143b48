package scheduler

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"golang.org/x/sync/errgroup"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/producer"
)

// capsDuty carries caps from the catalog to admission whenever they change, and sets the
// dispatch window to what the live workers can take.
type capsDuty struct {
	s       *Scheduler
	applied admission.Caps
	epoch   int64
	window  int
}

func (d *capsDuty) run(ctx context.Context) error {
	epoch, err := d.s.controller.Epoch(ctx)
	if errors.Is(err, admission.ErrNotReady) {
		return nil // the submit duty rebuilds, caps included
	}
	if err != nil {
		return fmt.Errorf("read admission epoch: %w", err)
	}
	caps, err := d.s.effectiveCaps(ctx)
	if err != nil {
		return err
	}
	if epoch != d.epoch {
		d.window = 0 // the rebuild set one of its own
	}
	if epoch != d.epoch || !maps.Equal(caps, d.applied) {
		grants, err := d.s.controller.SetCaps(ctx, caps)
		if err != nil {
			return fmt.Errorf("set caps: %w", err)
		}
		d.applied, d.epoch = caps, epoch
		if err := d.s.queue.Enqueue(ctx, grants); err != nil {
			return err
		}
	}
	if err := d.setWindow(ctx); err != nil {
		return err
	}
	return d.s.pump(ctx)
}

func (d *capsDuty) setWindow(ctx context.Context) error {
	window := d.s.window()
	if window == d.window {
		return nil
	}
	grants, err := d.s.controller.SetWindow(ctx, window)
	if err != nil {
		return fmt.Errorf("set dispatch window: %w", err)
	}
	d.window = window
	return d.s.queue.Enqueue(ctx, grants)
}

const (
	// maxPumps bounds how much one pass grants: maxPumps x admission.MaxGrants.
	maxPumps = 256
	// pumpEnqueues is how many answers of the pump are enqueued while it goes on.
	pumpEnqueues = 4
)

// pump grants what a bounded script call left over, until the dispatch window is full or
// nothing may go, and enqueues it meanwhile.
func (s *Scheduler) pump(ctx context.Context) error {
	var enqueuing errgroup.Group
	enqueuing.SetLimit(pumpEnqueues)
	err := s.pumpInto(ctx, func(grants []admission.Grant) {
		enqueuing.Go(func() error { return s.queue.Enqueue(ctx, grants) })
	})
	return errors.Join(err, enqueuing.Wait())
}

// pumpInto calls enqueue with what each call of the pump grants.
func (s *Scheduler) pumpInto(ctx context.Context, enqueue func([]admission.Grant)) error {
	for range maxPumps {
		grants, err := s.controller.Pump(ctx)
		if err != nil {
			return fmt.Errorf("pump: %w", err)
		}
		if len(grants) > 0 {
			enqueue(grants)
		}
		if len(grants) < admission.MaxGrants {
			return nil
		}
	}
	return nil
}

// effectiveCaps merges the defaults, the catalog's caps, the open breakers and the
// accounts that have left.
func (s *Scheduler) effectiveCaps(ctx context.Context) (admission.Caps, error) {
	caps := admission.Caps{}
	maps.Copy(caps, s.opts.DefaultCaps)
	stored, _, err := s.store.Caps(ctx)
	if err != nil {
		return nil, fmt.Errorf("load caps: %w", err)
	}
	for _, c := range stored {
		caps[admission.Key(c.Key)] = c.Limit
	}
	breakers, err := s.store.Breakers(ctx)
	if err != nil {
		return nil, fmt.Errorf("load breakers: %w", err)
	}
	for _, b := range breakers {
		if !b.Open() {
			continue
		}
		if err := s.capBroken(ctx, caps, b); err != nil {
			return nil, err
		}
	}
	for _, account := range s.departed.accounts(ctx, s) {
		for _, dimension := range []string{producer.DimensionAccount, producer.DimensionRestores} {
			caps[admission.NewKey(dimension, account)] = 0
		}
	}
	return caps, nil
}

// capBroken lets an account whose role fails start nothing, or, when the time for one has
// come, one probe beside what runs on AWS. What runs is counted, not what holds slots:
// the probe holds one too, and would let the next one in a second later.
func (s *Scheduler) capBroken(ctx context.Context, caps admission.Caps, b catalog.Breaker) error {
	room := map[string]int{producer.DimensionAccount: 0, producer.DimensionRestores: 0}
	if !s.clock.Now().Before(b.ProbeAt) {
		counts, err := s.store.CountJobs(ctx, catalog.JobFilter{
			Account: b.Account, States: []catalog.State{catalog.Running, catalog.Aborting},
		})
		if err != nil {
			return fmt.Errorf("count running jobs of account %s: %w", b.Account, err)
		}
		room = roomForProbe(counts)
	}
	for dimension, limit := range room {
		key := admission.NewKey(dimension, b.Account)
		caps[key] = lower(caps, key, limit)
	}
	return nil
}

// roomForProbe returns one more than runs, by the dimension that counts it.
func roomForProbe(running map[driver.Operation]map[catalog.State]int) map[string]int {
	room := map[string]int{producer.DimensionAccount: 1, producer.DimensionRestores: 1}
	for operation, states := range running {
		dimension := producer.DimensionAccount
		if operation == driver.Restore {
			dimension = producer.DimensionRestores
		}
		for _, n := range states {
			room[dimension] += n
		}
	}
	return room
}

// lower returns limit or the cap that key has already, whichever is less.
func lower(caps admission.Caps, key admission.Key, limit int) int {
	own, capped := caps[key]
	if !capped {
		own, capped = caps[key.Default()]
	}
	if capped {
		return min(own, limit)
	}
	return limit
}
