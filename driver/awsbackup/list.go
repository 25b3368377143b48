package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// List lists the kind's recovery points in every vault whose tags are a mark: one call for
// the tags of each. A failed job leaves no point, so none is listed as failed.
func (d *Driver) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	pages := backup.NewListBackupVaultsPaginator(client, &backup.ListBackupVaultsInput{MaxResults: aws.Int32(lookMax)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("ListBackupVaults", err)
		}
		for _, vault := range page.BackupVaultList {
			err := d.eachPoint(ctx, client, aws.ToString(vault.BackupVaultName), func(p types.RecoveryPointByBackupVault) error {
				return yieldMarked(ctx, client, p, yield)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// eachPoint calls each for every point of the kind in a vault.
func (d *Driver) eachPoint(ctx context.Context, client points, vault string, each func(types.RecoveryPointByBackupVault) error) error {
	pages := backup.NewListRecoveryPointsByBackupVaultPaginator(client, &backup.ListRecoveryPointsByBackupVaultInput{
		BackupVaultName: &vault, ByResourceType: &d.kind.Type, MaxResults: aws.Int32(lookMax),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("ListRecoveryPointsByBackupVault", err)
		}
		for _, p := range page.RecoveryPoints {
			if err := each(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func yieldMarked(ctx context.Context, client points, p types.RecoveryPointByBackupVault, yield func(driver.Artefact) error) error {
	arn := aws.ToString(p.RecoveryPointArn)
	tags, err := tagsOf(ctx, client, arn)
	if failure.Is(err, failure.NotFound) {
		return nil // deleted since it was listed
	}
	if err != nil {
		return err
	}
	mark, ok := driver.MarkFromTags(tags)
	if !ok {
		return nil
	}
	return yield(driver.Artefact{Mark: mark, State: pointState(p.Status), Point: driver.Point{
		Ref: pointRef(aws.ToString(p.BackupVaultName), arn), ARN: arn, CreatedAt: aws.ToTime(p.CreationDate),
		SizeBytes: aws.ToInt64(p.BackupSizeInBytes), Encrypted: p.IsEncrypted, KMSKeyID: aws.ToString(p.EncryptionKeyArn),
	}})
}

// pointState maps every status of a recovery point. EXPIRED and STOPPED points still hold
// their data.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RecoveryPointByBackupVault.html
func pointState(s types.RecoveryPointStatus) driver.State {
	switch s {
	case types.RecoveryPointStatusCompleted, types.RecoveryPointStatusAvailable, types.RecoveryPointStatusExpired, types.RecoveryPointStatusStopped:
		return driver.Succeeded
	case types.RecoveryPointStatusPartial:
		return driver.Partial
	case types.RecoveryPointStatusDeleting:
		return driver.Gone
	default: // CREATING, and what AWS adds
		return driver.Pending
	}
}
