package redislimit

import (
	"context"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"

	"holdfast/admission"
)

// capsPerCall is how many caps one script call stores.
const capsPerCall = 500

// SetCaps implements admission.Controller. The new set is stored beside the old one and
// takes its place in one step. A grant that a cap of 0 recalls goes back to the waiting
// room; all recalls are done when SetCaps returns without an error.
func (c *Controller) SetCaps(ctx context.Context, caps admission.Caps) ([]admission.Grant, error) {
	token := ulid.Make().String()
	batches, err := capBatches(caps)
	if err != nil {
		return nil, err
	}
	calls := make([]call, 0, len(batches)+1)
	for _, batch := range batches {
		calls = append(calls, call{script: stageCapsScript, args: append([]any{token}, batch...)})
	}
	calls = append(calls, call{script: setCapsScript, args: []any{token, len(caps)}})
	grants, err := c.pumpAll(ctx, calls)
	if errors.Is(err, errIncomplete) {
		// The server may have known setcaps.lua and not stagecaps.lua, so that the first ran
		// too early and changed nothing. Now it knows both; a changed epoch answers the same.
		grants, err = c.pumpAll(ctx, calls)
	}
	return grants, err
}

// SetWindow implements admission.Controller. With 0 nothing is granted.
func (c *Controller) SetWindow(ctx context.Context, window int) ([]admission.Grant, error) {
	if window < 0 {
		return nil, fmt.Errorf("admission: dispatch window %d is negative", window)
	}
	return c.pumpAll(ctx, []call{{script: setWindowScript, args: []any{window}}})
}

// capBatches checks caps and cuts them into lists of key, slots, ...
func capBatches(caps admission.Caps) ([][]any, error) {
	var batches [][]any
	var batch []any
	for key, slots := range caps {
		if err := checkCap(key, slots); err != nil {
			return nil, err
		}
		if batch = append(batch, string(key), slots); len(batch) == 2*capsPerCall {
			batches, batch = append(batches, batch), nil
		}
	}
	if len(batch) > 0 {
		batches = append(batches, batch)
	}
	return batches, nil
}

// checkCap returns an error unless key is dimension=value and slots a number it may have.
func checkCap(key admission.Key, slots int) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("admission: cap of %w", err)
	}
	if slots < 0 {
		return fmt.Errorf("admission: cap of key %q: %d is negative", key, slots)
	}
	if key.Dimension() == admission.WeightDimension && (slots < 1 || slots > admission.MaxWeight) {
		return fmt.Errorf("admission: key %q: %d: want 1 to %d", key, slots, admission.MaxWeight)
	}
	return nil
}
