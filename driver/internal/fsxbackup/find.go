package fsxbackup

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the backup, or for Restore the file system, that carries the mark. Should
// two carry it, the older one is the artefact.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var oldest candidate
	switch req.Operation {
	case driver.Restore:
		err = eachSystem(ctx, client, nil, func(f *types.FileSystem) error {
			oldest.offer(req.Mark, f.FileSystemId, f.CreationTime, f.Tags)
			return nil
		})
	default:
		var filters []types.Filter
		if id, err := idOf(req.Mark.SourceARN); err == nil && req.Operation == driver.Backup {
			filters = []types.Filter{{Name: types.FilterNameFileSystemId, Values: []string{id}}}
		}
		err = eachBackup(ctx, client, d.listing(filters...), func(b *types.Backup) error {
			oldest.offer(req.Mark, b.BackupId, b.CreationTime, b.Tags)
			return nil
		})
	}
	if err != nil {
		return "", err
	}
	if oldest.id == "" {
		return "", failure.Errorf(failure.NotFound, "no %s of job %s is visible in %s", req.Operation, req.Mark.JobID, req.Scope.Region)
	}
	return driver.Ref(oldest.id), nil
}

// candidate keeps the oldest of the things with a mark that are offered to it.
type candidate struct {
	id string
	at time.Time
}

func (c *candidate) offer(mark driver.Mark, id *string, at *time.Time, tags []types.Tag) {
	if !marktags.Same(fromTags(tags), mark) {
		return
	}
	if made := aws.ToTime(at); c.id == "" || made.Before(c.at) || made.Equal(c.at) && *id < c.id {
		c.id, c.at = aws.ToString(id), made
	}
}

// List lists the backups of the kind that carry a mark.
func (d *Driver) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachBackup(ctx, client, d.listing(), func(b *types.Backup) error {
		mark, ok := driver.MarkFromTags(fromTags(b.Tags))
		if !ok {
			return nil
		}
		return yield(driver.Artefact{Point: pointOf(b), Mark: mark, State: stateOf(b.Lifecycle)})
	})
}
