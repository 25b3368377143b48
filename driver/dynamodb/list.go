package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/resource"
)

// List lists the backups whose name is a mark. The name holds installation and job; the
// source comes from AWS, plan, rule and expiry are in the catalog alone.
func (d *Driver) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachBackup(ctx, client, listing{}, func(b *types.BackupSummary) error {
		mark, ok := driver.ParseName(aws.ToString(b.BackupName))
		if !ok {
			return nil
		}
		mark.SourceARN = aws.ToString(b.TableArn)
		return yield(driver.Artefact{Point: pointOf(b), Mark: mark, State: stateOf(b.BackupStatus)})
	})
}
