package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// maxDescribed is how many deleted backups are asked for one by one; for more it is
// cheaper to list the region's backups.
const maxDescribed = 20

// Look observes backups in the listing of everything made since req.Since, and tables
// one by one. A new backup that the listing does not show yet is left out.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if len(req.Refs) > lookMax {
		return nil, failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), lookMax)
	}
	if len(req.Refs) == 0 {
		return map[driver.Ref]driver.Status{}, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	switch {
	case req.Operation == driver.Restore:
		return lookAtTables(ctx, client, req.Refs)
	case req.Operation == driver.Expire && len(req.Refs) <= maxDescribed:
		return lookAtDeleted(ctx, client, req.Refs)
	case req.Operation == driver.Expire:
		// The deletion is younger than the backup, so req.Since is no bound here.
		seen, err := lookInListing(ctx, client, listing{}, req.Refs)
		if err == nil {
			refs.Deleted(req.Refs, seen)
		}
		return seen, err
	default:
		return lookInListing(ctx, client, listing{since: req.Since}, req.Refs)
	}
}

func lookInListing(ctx context.Context, client api, l listing, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	wanted := make(map[driver.Ref]bool, len(asked))
	for _, ref := range asked {
		wanted[ref] = true
	}
	seen := make(map[driver.Ref]driver.Status, len(asked))
	err := eachBackup(ctx, client, l, func(b *types.BackupSummary) error {
		if ref := driver.Ref(aws.ToString(b.BackupArn)); wanted[ref] {
			seen[ref] = statusOf(b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

// lookAtDeleted observes deletions by the backups' own names.
func lookAtDeleted(ctx context.Context, client api, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(asked))
	for _, ref := range asked {
		details, err := describeBackup(ctx, client, ref)
		switch {
		case failure.Is(err, failure.NotFound):
		case err != nil:
			return nil, err
		default:
			seen[ref] = driver.Status{State: stateOf(details.BackupStatus), Progress: -1}
		}
	}
	refs.Deleted(asked, seen)
	return seen, nil
}

// describeBackup returns one backup; class not_found when there is none.
func describeBackup(ctx context.Context, client backups, ref driver.Ref) (*types.BackupDetails, error) {
	out, err := client.DescribeBackup(ctx, &dynamodb.DescribeBackupInput{BackupArn: aws.String(string(ref))})
	if err != nil {
		return nil, wrap("DescribeBackup", err)
	}
	if out.BackupDescription == nil || out.BackupDescription.BackupDetails == nil {
		return nil, failure.Errorf(failure.Internal, "describe backup %s: AWS gave no details", ref)
	}
	return out.BackupDescription.BackupDetails, nil
}

// lookAtTables observes restores by the tables' names. A table DescribeTable does not know
// is reported gone: a restore that fails leaves none, so nothing else would ever tell. Just
// after the restore was asked for it may mean "not yet"; the caller, who knows when that
// was, must not believe it then.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
func lookAtTables(ctx context.Context, client api, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(asked))
	for _, ref := range asked {
		table, err := describeTable(ctx, client, string(ref))
		switch {
		case failure.Is(err, failure.NotFound):
			seen[ref] = driver.Status{State: driver.Gone, Progress: -1}
		case err != nil:
			return nil, err
		default:
			seen[ref] = tableStatus(table)
		}
	}
	return seen, nil
}

// tableStatus observes a table made by a restore: active before its items are all there.
func tableStatus(table *types.TableDescription) driver.Status {
	restoring := table.RestoreSummary != nil && aws.ToBool(table.RestoreSummary.RestoreInProgress)
	switch table.TableStatus {
	case types.TableStatusActive:
		if restoring {
			return driver.Status{State: driver.Pending, Progress: -1}
		}
		return driver.Status{State: driver.Succeeded, Progress: 100}
	case types.TableStatusInaccessibleEncryptionCredentials:
		return driver.Status{State: driver.Failed, Progress: -1, Message: "the table's KMS key is inaccessible"}
	case types.TableStatusDeleting:
		return driver.Status{State: driver.Gone, Progress: -1}
	default:
		return driver.Status{State: driver.Pending, Progress: -1}
	}
}
