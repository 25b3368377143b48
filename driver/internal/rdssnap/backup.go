package rdssnap

import (
	"context"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Start begins a snapshot of the resource, named by the mark's token.
func (s *Snapshots) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	id, err := s.SourceID(req.Resource)
	if err != nil {
		return "", err
	}
	api, err := s.Client(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	err = api.Create(ctx, id, req.Mark.Token(), marktags.For(req.Mark, req.Tags))
	return s.adopt(ctx, api, req.Mark, err, func(taken *Snapshot) bool { return taken.Source == id })
}

// adopt returns the reference of what the mark stands for when err is nil, or says that
// the mark's name is taken by exactly that; any other error, and a stranger's snapshot,
// are returned as refused. A taken name that the listing does not show yet is the mark's
// own: the name is a hash of installation and job that nobody else comes by.
func (s *Snapshots) adopt(ctx context.Context, api API, mark driver.Mark, refused error, fromSource func(*Snapshot) bool) (driver.Ref, error) {
	ref := driver.Ref(mark.Token())
	if refused == nil {
		return ref, nil
	}
	if Code(refused) != s.Taken {
		return "", refused
	}
	taken, err := s.snapshot(ctx, api, mark.Token())
	switch {
	case failure.Is(err, failure.NotFound):
		return ref, nil
	case err != nil:
		return "", err
	case !marktags.Same(taken.Tags, mark) || !fromSource(taken):
		return "", failure.Errorf(failure.Conflict, "%s %s exists but is not of job %s: %w",
			s.Noun, mark.Token(), mark.JobID, refused)
	}
	return ref, nil
}

// Delete begins the deletion of the snapshot if it carries the installation's mark.
func (s *Snapshots) Delete(ctx context.Context, req driver.DeleteRequest) error {
	api, err := s.Client(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	found, err := s.snapshot(ctx, api, string(req.Ref))
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if mark, ok := driver.MarkFromTags(found.Tags); !ok || mark.Installation != req.Installation {
		return failure.Errorf(failure.Held, "%s %s does not carry the mark of installation %s", s.Noun, req.Ref, req.Installation)
	}
	if found.Status == "deleting" || found.Status == "deleted" {
		return nil
	}
	if err := api.Delete(ctx, found.ID); !failure.Is(err, failure.NotFound) {
		return err
	}
	return nil
}
