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
	destination, facts, err := d.destination(ctx, there, req)
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

// transitVault keeps points on their way out of an account, encrypted with driver.TransitKey:
// a vault has one key, so theirs cannot be the vault the rule names.
const transitVault = "holdfast-transit"

// destination returns the vault of a copy, making it when it is not there. What services
// make themselves comes from another account only into a vault with a customer managed key.
// Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
func (d *Driver) destination(ctx context.Context, client vaults, req driver.CopyRequest) (place, vaultFacts, error) {
	into, key := vaultAt(req.Scope, req.Vault), req.KMSKeyID
	fromAbroad := req.SourceScope.Account != req.Scope.Account && d.keys != nil
	switch {
	case key == driver.TransitKey:
		into.name = transitVault
	case key == "" && fromAbroad:
		key = driver.TransitKey
	}
	facts, err := d.vault(ctx, client, into, req.Mark, key)
	if err != nil || !fromAbroad {
		return into, facts, err
	}
	held, err := d.vaultKeys.Of(ctx, req.Scope, facts.key)
	if err == nil && driver.IsAWSManagedKey(held) {
		d.known.forget(into) // it may be replaced
		err = failure.Errorf(failure.KMS,
			"vault %s of account %s in %s is encrypted with a key that AWS manages, and takes no points of type %s from other accounts: name a vault with a customer managed key",
			into.name, req.Scope.Account, req.Scope.Region, d.kind.Type)
	}
	return into, facts, err
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
