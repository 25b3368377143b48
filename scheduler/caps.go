package scheduler

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"holdfast/admission"
	"holdfast/catalog"
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
	caps, err := d.s.effectiveCaps(ctx, nil)
	if err != nil {
		return err
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

// maxPumps bounds how much one pass grants: maxPumps x admission.MaxGrants.
const maxPumps = 16

// pump grants what a bounded script call left over.
func (s *Scheduler) pump(ctx context.Context) error {
	for range maxPumps {
		grants, err := s.controller.Pump(ctx)
		if err != nil {
			return fmt.Errorf("pump: %w", err)
		}
		if err := s.queue.Enqueue(ctx, grants); err != nil {
			return err
		}
		if len(grants) < admission.MaxGrants {
			return nil
		}
	}
	return nil
}

// effectiveCaps merges the defaults, the catalog's caps and the open breakers. held, when
// not nil, is who will hold slots after a rebuild; otherwise admission is asked.
func (s *Scheduler) effectiveCaps(ctx context.Context, held []admission.Holder) (admission.Caps, error) {
	caps := maps.Clone(s.opts.DefaultCaps)
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
		if err := s.capBroken(ctx, caps, b, held); err != nil {
			return nil, err
		}
	}
	return caps, nil
}

// capBroken lets an account whose role fails start nothing, or one probe on top of what
// it holds when the time for one has come.
func (s *Scheduler) capBroken(ctx context.Context, caps admission.Caps, b catalog.Breaker, held []admission.Holder) error {
	for _, dimension := range []string{producer.DimensionAccount, producer.DimensionRestores} {
		key := admission.NewKey(dimension, b.Account)
		if s.clock.Now().Before(b.ProbeAt) {
			caps[key] = 0
			continue
		}
		holding, err := s.heldOn(ctx, key, held)
		if err != nil {
			return err
		}
		limit, own := caps[key]
		if !own {
			limit = caps[key.Default()]
		}
		caps[key] = min(limit, holding+1)
	}
	return nil
}

// heldOn counts the holders of key.
func (s *Scheduler) heldOn(ctx context.Context, key admission.Key, held []admission.Holder) (int, error) {
	if held == nil {
		usage, err := s.controller.Usage(ctx, usageLimit)
		if err != nil {
			return 0, fmt.Errorf("read slot usage: %w", err)
		}
		for _, u := range usage {
			if u.Key == key {
				return u.Held, nil
			}
		}
		return 0, nil
	}
	n := 0
	for _, h := range held {
		for _, k := range h.Keys {
			if k == key {
				n++
			}
		}
	}
	return n, nil
}

// usageLimit bounds how many keys one question about usage returns.
const usageLimit = 100_000
