package rebuild

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
)

const (
	// keptFor is how long a listing may be gone on with: what is on AWS changes.
	keptFor = 24 * time.Hour
	// partArtefacts is how many artefacts a part of a kept listing has.
	partArtefacts = 1000
)

// keptPart is the body of a catalog.SurveyPart.
type keptPart struct {
	Artefacts []driver.Artefact `json:"artefacts"`
}

// Keep stores a complete listing, so that Resume finds it. One that failed is made again.
func Keep(ctx context.Context, store catalog.Surveys, s Scan, now time.Time) error {
	if !s.Complete() {
		return nil
	}
	artefacts := make([]driver.Artefact, len(s.Found))
	for i, f := range s.Found {
		artefacts[i] = f.Artefact
	}
	chunks := slices.Collect(slices.Chunk(artefacts, partArtefacts))
	if len(chunks) == 0 {
		chunks = [][]driver.Artefact{nil} // that there is nothing is known, too
	}
	parts := make([]catalog.SurveyPart, len(chunks))
	for i, chunk := range chunks {
		body, err := json.Marshal(keptPart{chunk})
		if err != nil {
			return fmt.Errorf("keep the listing of %s: %w", s, err)
		}
		parts[i] = catalog.SurveyPart{Place: s.String(), Number: i, At: now, Body: body}
	}
	return store.KeepSurvey(ctx, parts)
}

// Resume fills those of scans that were kept within a day and returns how many.
func Resume(ctx context.Context, store catalog.Surveys, scans []Scan, now time.Time) (resumed int, err error) {
	at := map[string]*Scan{}
	for i := range scans {
		at[scans[i].String()] = &scans[i]
	}
	err = store.Survey(ctx, now.Add(-keptFor), func(p catalog.SurveyPart) error {
		s := at[p.Place]
		if s == nil {
			return nil // asked for then, not now
		}
		var kept keptPart
		if err := json.Unmarshal(p.Body, &kept); err != nil {
			return fmt.Errorf("go on with the listing of %s: %w", p.Place, err)
		}
		if !s.Resumed {
			s.Resumed = true
			resumed++
		}
		for _, a := range kept.Artefacts {
			s.Found = append(s.Found, Found{Artefact: a, Scope: s.Scope, Kind: s.Kind, Engine: s.Engine})
		}
		return nil
	})
	return resumed, err
}
