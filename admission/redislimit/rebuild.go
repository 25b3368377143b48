package redislimit

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/oklog/ulid/v2"

	"holdfast/admission"
)

const (
	// holdersPerCall is how many holders one script call stores.
	holdersPerCall = 100
	// sweepCount is how many keys one sweep call looks at.
	sweepCount = 1000
	// maxEpoch leaves generations below 2^53.
	maxEpoch = 9_000_000
)

// Epoch implements admission.Controller.
func (c *Controller) Epoch(ctx context.Context) (int64, error) {
	a, err := c.run(ctx, epochScript, "epoch")
	if err != nil {
		return 0, err
	}
	if len(a) != 2 {
		return 0, fmt.Errorf("admission: epoch: answer has %d words", len(a))
	}
	return strconv.ParseInt(a[1], 10, 64)
}

// Rebuild implements admission.Controller. It closes the open epoch first, so nothing is
// granted while it works; a Rebuild that fails leaves the room closed and may be called
// again. Of two at once the one that began last wins and the other gets ErrStale.
func (c *Controller) Rebuild(ctx context.Context, s admission.Snapshot) error {
	prefix := fmt.Sprintf("%s%d-%s:", c.root, s.Epoch, ulid.Make())
	batches, err := snapshotCalls(prefix, s)
	if err != nil {
		return err
	}
	if _, err := c.run(ctx, closeScript, s.Epoch, prefix); err != nil {
		return err
	}
	if err := c.sweep(ctx, prefix); err != nil {
		return err
	}
	for start := 0; start < len(batches); start += callsPerTrip {
		trip := batches[start:min(start+callsPerTrip, len(batches))]
		if _, err := c.runAll(ctx, trip); err != nil {
			return err
		}
	}
	_, err = c.run(ctx, openScript, prefix, s.Epoch, s.Window)
	return err
}

// sweep removes every key of the installation that has neither the state nor prefix.
func (c *Controller) sweep(ctx context.Context, prefix string) error {
	cursor := "0"
	for {
		a, err := c.run(ctx, sweepScript, prefix, c.root, cursor, sweepCount)
		if err != nil {
			return err
		}
		if len(a) != 1 {
			return fmt.Errorf("admission: sweep: answer has %d words", len(a))
		}
		if cursor = a[0]; cursor == "0" {
			return nil
		}
	}
}

// snapshotCalls checks s and returns the calls that store it.
func snapshotCalls(prefix string, s admission.Snapshot) ([]call, error) {
	if s.Epoch < 1 || s.Epoch > maxEpoch {
		return nil, fmt.Errorf("admission: epoch %d: want 1 to %d", s.Epoch, maxEpoch)
	}
	if s.Window < 0 {
		return nil, fmt.Errorf("admission: dispatch window %d is negative", s.Window)
	}
	batches, err := capBatches(s.Caps)
	if err != nil {
		return nil, err
	}
	var calls []call
	for _, batch := range batches {
		calls = append(calls, call{script: stageScript, args: append([]any{prefix, "caps"}, batch...)})
	}
	for start := 0; start < len(s.Holders); start += holdersPerCall {
		args := []any{prefix, "holders", s.Epoch}
		for _, h := range s.Holders[start:min(start+holdersPerCall, len(s.Holders))] {
			if err := checkHolder(h, s.Epoch); err != nil {
				return nil, fmt.Errorf("admission: holder %q: %w", h.JobID, err)
			}
			args = append(args, holderArgs(h)...)
		}
		calls = append(calls, call{script: stageScript, args: args})
	}
	return calls, nil
}

// checkHolder refuses what could not be stored or would collide with a later generation.
func checkHolder(h admission.Holder, epoch int64) error {
	if err := checkName(h.JobID); err != nil {
		return err
	}
	if h.Group != "" && checkName(h.Group) != nil {
		return fmt.Errorf("group %q: %w", h.Group, checkName(h.Group))
	}
	if h.Generation < 0 || h.Generation > 0 && admission.EpochOf(h.Generation) >= epoch {
		return fmt.Errorf("generation %d is not of an epoch before %d", h.Generation, epoch)
	}
	if len(h.Keys) < 1 || len(h.Keys) > maxKeys+1 {
		return fmt.Errorf("%d keys: want 1 to %d", len(h.Keys), maxKeys+1)
	}
	resources := 0
	for _, key := range h.Keys {
		if err := checkKey(key); err != nil {
			return err
		}
		if key.Dimension() == admission.ResourceDimension {
			resources++
		}
	}
	if resources > 1 {
		return fmt.Errorf("%d resources: want one at most", resources)
	}
	return nil
}

// holderArgs are h's arguments for stage.lua.
func holderArgs(h admission.Holder) []any {
	var since int64
	if !h.Since.IsZero() {
		since = h.Since.UnixMilli()
	}
	entered := "0"
	if h.Entered {
		entered = "1"
	}
	return []any{
		h.JobID, strconv.FormatInt(h.Generation, 10), since, entered,
		cmp.Or(h.Group, nothing), joinKeys(h.Keys),
	}
}
