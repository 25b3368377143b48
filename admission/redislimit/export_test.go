package redislimit

import (
	"context"

	"holdfast/admission"
)

// Turn enters and releases in one call of the script.
func (c *Controller) Turn(ctx context.Context, entering, leaving []admission.Grant) ([]admission.Grant, error) {
	t := turn{mode: "release", pump: true, entering: entering}
	for _, g := range leaving {
		t.leaving = append(t.leaving, g.JobID)
	}
	return c.take(ctx, t, nil)
}
