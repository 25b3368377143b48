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

// Sources returns the text of every script by name.
func Sources() map[string]string {
	sources := map[string]string{}
	for _, s := range []script{
		submitScript, turnScript, regrantScript, runScript, staleScript, setWindowScript, stageCapsScript, setCapsScript,
		epochScript, explainScript, pageScript, guardScript, closeScript, sweepScript, stageScript, openScript,
	} {
		sources[s.name] = s.source
	}
	return sources
}
