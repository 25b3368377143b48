package fsxbackup

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// Look observes backups, or for Restore file systems, with one call that names them. When
// AWS does not know one of them, which fails the call, the listing is read instead: what
// that does not show is Gone for Expire, and left out for the others, because it may only
// be too young to be seen.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if len(req.Refs) > LookMax {
		return nil, failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), LookMax)
	}
	if len(req.Refs) == 0 {
		return map[driver.Ref]driver.Status{}, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	look := d.lookAtBackups
	if req.Operation == driver.Restore {
		look = lookAtSystems
	}
	seen, err := look(ctx, client, req.Refs, true)
	if failure.Is(err, failure.NotFound) {
		seen, err = look(ctx, client, req.Refs, false)
	}
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Expire {
		refs.Deleted(req.Refs, seen)
	}
	return seen, nil
}

// lookAtBackups asks for the backups by name, or else reads them out of the listing.
func (d *Driver) lookAtBackups(ctx context.Context, client api, asked []driver.Ref, byName bool) (map[driver.Ref]driver.Status, error) {
	in := d.listing()
	if byName {
		in = &fsx.DescribeBackupsInput{BackupIds: refs.Strings(asked)}
	}
	seen := make(map[driver.Ref]driver.Status, len(asked))
	err := eachBackup(ctx, client, in, func(b *types.Backup) error {
		if ref := driver.Ref(aws.ToString(b.BackupId)); slices.Contains(asked, ref) {
			seen[ref] = statusOf(b)
		}
		return nil
	})
	return seen, err
}

func lookAtSystems(ctx context.Context, client api, asked []driver.Ref, byName bool) (map[driver.Ref]driver.Status, error) {
	var ids []string
	if byName {
		ids = refs.Strings(asked)
	}
	seen := make(map[driver.Ref]driver.Status, len(asked))
	err := eachSystem(ctx, client, ids, func(f *types.FileSystem) error {
		if ref := driver.Ref(aws.ToString(f.FileSystemId)); slices.Contains(asked, ref) {
			seen[ref] = systemStatus(f)
		}
		return nil
	})
	return seen, err
}

// systemStatus observes a file system made by a restore.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_FileSystem.html
func systemStatus(f *types.FileSystem) driver.Status {
	status := driver.Status{State: driver.Pending, Progress: -1}
	switch f.Lifecycle {
	case types.FileSystemLifecycleAvailable, types.FileSystemLifecycleUpdating:
		status.State, status.Progress = driver.Succeeded, 100
	case types.FileSystemLifecycleFailed, types.FileSystemLifecycleMisconfigured, types.FileSystemLifecycleMisconfiguredUnavailable:
		status.State, status.Message = driver.Failed, "the file system is in state "+string(f.Lifecycle)
		if f.FailureDetails != nil {
			status.Message = aws.ToString(f.FailureDetails.Message)
		}
	case types.FileSystemLifecycleDeleting:
		status.State = driver.Gone
	}
	return status
}
