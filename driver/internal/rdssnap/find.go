package rdssnap

import (
	"context"
	"slices"
	"strings"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// snapshot returns the manual snapshot called id, or an error of class not_found.
func (s *Snapshots) snapshot(ctx context.Context, api API, id string) (*Snapshot, error) {
	var found *Snapshot
	err := api.Snapshots(ctx, func(seen *Snapshot) error {
		if seen.ID == id {
			found = seen
		}
		return nil
	}, id)
	if err == nil && found == nil {
		err = failure.Errorf(failure.NotFound, "no %s %s", s.Noun, id)
	}
	if err != nil {
		return nil, err
	}
	return found, withTags(ctx, api, found)
}

// withTags adds the tags where the listing left them out.
func withTags(ctx context.Context, api API, s *Snapshot) (err error) {
	if s.Tags == nil {
		s.Tags, err = api.Tags(ctx, s.ARN)
	}
	return err
}

// Find looks for the snapshot named by the mark's token.
func (s *Snapshots) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	api, err := s.Client(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	found, err := s.snapshot(ctx, api, req.Mark.Token())
	if err != nil {
		return "", err
	}
	if !marktags.Same(found.Tags, req.Mark) {
		return "", failure.Errorf(failure.Conflict, "%s %s exists but is not of job %s",
			s.Noun, req.Mark.Token(), req.Mark.JobID)
	}
	return driver.Ref(req.Mark.Token()), nil
}

// lookMaxUnfiltered is how many references one Look may ask for where the service lists every
// snapshot whatever is asked for: looking at more of them costs no more calls.
const lookMaxUnfiltered = 1000

// LookMax is how many references one Look may ask for.
func (s *Snapshots) LookMax() int {
	if s.Unfiltered {
		return lookMaxUnfiltered
	}
	return PageSize
}

// CheckLook refuses more references than one request may have.
func (s *Snapshots) CheckLook(req driver.LookRequest) error {
	if most := s.LookMax(); len(req.Refs) > most {
		return failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), most)
	}
	return nil
}

// Look observes snapshots with one listing. What a complete listing does not show is Gone
// for Expire and left out for the others.
func (s *Snapshots) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if err := s.CheckLook(req); err != nil {
		return nil, err
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	if len(req.Refs) == 0 {
		return seen, nil
	}
	api, err := s.Client(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	err = api.Snapshots(ctx, func(found *Snapshot) error {
		if slices.Contains(req.Refs, driver.Ref(found.ID)) {
			seen[driver.Ref(found.ID)] = statusOf(found)
		}
		return nil
	}, refs.Strings(req.Refs)...)
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Expire {
		refs.Deleted(req.Refs, seen)
		return seen, nil
	}
	return seen, s.Keys.Statuses(ctx, req.Scope, seen)
}

// tokenPrefix begins every token of a mark.
var tokenPrefix = driver.Mark{}.Token()[:len("hf-")]

// List lists the manual snapshots of the kind that carry a mark. AWS cannot filter by
// tag, so every manual snapshot of the scope is read; only those named like a mark's are
// asked for their tags where the listing does not show them.
func (s *Snapshots) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	api, err := s.Client(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return api.Snapshots(ctx, func(found *Snapshot) error {
		if !strings.HasPrefix(found.ID, tokenPrefix) || len(s.Engines) > 0 && !slices.Contains(s.Engines, found.Engine) {
			return nil
		}
		err := withTags(ctx, api, found)
		if failure.Is(err, failure.NotFound) {
			return nil // deleted since it was listed
		}
		if err != nil {
			return err
		}
		mark, ok := driver.MarkFromTags(found.Tags)
		if !ok {
			return nil
		}
		point, err := s.Keys.Point(ctx, scope, pointOf(found))
		if err != nil {
			return err
		}
		return yield(driver.Artefact{Point: point, Mark: mark, State: stateOf(found.Status)})
	})
}
