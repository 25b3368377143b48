package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Copy begins a copy job into a vault of the destination, from the source's account and
// region. The destination vault's key encrypts the copy.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html
func (d *Driver) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	vault, arn, err := splitPoint(req.Source.Ref)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.SourceScope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	there, err := d.clients.Get(ctx, req.Scope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	destination := vaultAt(req.Scope, req.Vault)
	facts, err := d.vault(ctx, there, destination, req.Mark, req.KMSKeyID)
	if err != nil {
		return "", err
	}
	out, err := client.StartCopyJob(ctx, &backup.StartCopyJobInput{
		SourceBackupVaultName: &vault, RecoveryPointArn: &arn, DestinationBackupVaultArn: destination.arn(),
		IamRoleArn: d.serviceRole(req.SourceScope), IdempotencyToken: aws.String(req.Mark.Token()),
		Lifecycle: d.lifecycle(req.Lifecycle, facts),
	})
	if err != nil {
		d.known.forget(destination)
		return "", wrap("StartCopyJob", err)
	}
	return copyRef(req.SourceScope, aws.ToString(out.CopyJobId)), nil
}

// MarkCopy gives the copy its own mark in place of its source's.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/tags-on-backups.html
func (d *Driver) MarkCopy(ctx context.Context, req driver.CopyRequest, copied driver.Point) error {
	tagged := d.tag(ctx, req.Scope, copied.ARN, marktags.For(req.Mark, req.Tags))
	if failure.Is(tagged, failure.NotFound) {
		return failure.Errorf(failure.Busy, "the copy does not show yet: %w", tagged)
	}
	return tagged
}
