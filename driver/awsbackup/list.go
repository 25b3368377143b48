package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/resource"
)

// List lists the kind's recovery points in every vault whose tags are a mark. A failed job
// leaves no point, so none is listed as failed.
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
			err := d.eachPage(ctx, client, aws.ToString(vault.BackupVaultName), func(page []types.RecoveryPointByBackupVault) error {
				return d.yieldMarked(ctx, client, scope, page, yield)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// eachPage calls each for every page of the kind's points in a vault.
func (d *Driver) eachPage(ctx context.Context, client points, vault string, each func([]types.RecoveryPointByBackupVault) error) error {
	pages := backup.NewListRecoveryPointsByBackupVaultPaginator(client, &backup.ListRecoveryPointsByBackupVaultInput{
		BackupVaultName: &vault, ByResourceType: &d.kind.Type, MaxResults: aws.Int32(lookMax),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("ListRecoveryPointsByBackupVault", err)
		}
		if err := each(page.RecoveryPoints); err != nil {
			return err
		}
	}
	return nil
}

// yieldMarked yields the points of a page that carry a mark; one without tags was deleted
// since it was listed.
func (d *Driver) yieldMarked(ctx context.Context, client points, scope resource.Scope, page []types.RecoveryPointByBackupVault, yield func(driver.Artefact) error) error {
	arns := make([]string, 0, len(page))
	for _, p := range page {
		arns = append(arns, aws.ToString(p.RecoveryPointArn))
	}
	tags, err := d.tagsOfAll(ctx, client, scope, arns)
	if err != nil {
		return err
	}
	for _, p := range page {
		arn := aws.ToString(p.RecoveryPointArn)
		mark, ok := driver.MarkFromTags(tags[arn])
		if !ok {
			continue
		}
		err := yield(driver.Artefact{Mark: mark, State: pointState(p.Status), Point: driver.Point{
			Ref: pointRef(aws.ToString(p.BackupVaultName), arn), ARN: arn, CreatedAt: aws.ToTime(p.CreationDate),
			SizeBytes: aws.ToInt64(p.BackupSizeInBytes), Encrypted: p.IsEncrypted, KMSKeyID: aws.ToString(p.EncryptionKeyArn),
		}})
		if err != nil {
			return err
		}
	}
	return nil
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
