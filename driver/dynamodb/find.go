package dynamodb

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Find looks for the backup that has the mark's name; should two have it, the older one
// is the artefact. For Restore it looks for the table of the default name: a table the
// user named otherwise is found by calling Restore again, which adopts it.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	name, err := nameFromARN(req.Mark.SourceARN)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	if req.Operation == driver.Restore {
		return findTable(ctx, client, name, req)
	}
	var oldest candidate
	err = eachBackup(ctx, client, listing{table: name, since: req.Since}, func(b *types.BackupSummary) error {
		if aws.ToString(b.BackupName) == req.Mark.Name() && b.BackupStatus != types.BackupStatusDeleted {
			oldest.offer(aws.ToString(b.BackupArn), aws.ToTime(b.BackupCreationDateTime))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if oldest.arn == "" {
		return "", failure.Errorf(failure.NotFound, "no backup %s of table %s is visible", req.Mark.Name(), name)
	}
	return driver.Ref(oldest.arn), nil
}

// candidate keeps the oldest backup offered to it.
type candidate struct {
	arn string
	at  time.Time
}

func (c *candidate) offer(arn string, at time.Time) {
	if c.arn == "" || at.Before(c.at) || at.Equal(c.at) && arn < c.arn {
		c.arn, c.at = arn, at
	}
}

func findTable(ctx context.Context, client api, source string, req driver.FindRequest) (driver.Ref, error) {
	name := defaultName(source, req.Mark)
	table, err := describeTable(ctx, client, name)
	if err != nil {
		return "", err
	}
	if table.RestoreSummary == nil || aws.ToString(table.RestoreSummary.SourceTableArn) != req.Mark.SourceARN {
		return "", failure.Errorf(failure.Conflict, "table %s exists but was not restored from %s", name, req.Mark.SourceARN)
	}
	return driver.Ref(name), nil
}
