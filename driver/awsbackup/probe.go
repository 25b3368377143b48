package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/failure"
)

var _ driver.Prober = (*Driver)(nil)

// Probe says whether a vault is there and its lock takes points of the lifecycle: with a
// maximum they must be deleted by then, and with a minimum not before.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
func (d *Driver) Probe(ctx context.Context, req driver.ProbeRequest) error {
	name := req.Vault
	if name == "" {
		name = defaultVault
	}
	client, err := d.clients.Get(ctx, req.Scope, req.Purpose)
	if err != nil {
		return err
	}
	out, err := client.DescribeBackupVault(ctx, &backup.DescribeBackupVaultInput{BackupVaultName: &name})
	if failed := wrap("DescribeBackupVault", err); failed != nil {
		return failed
	}
	if !aws.ToBool(out.Locked) {
		return nil
	}
	days, least, most := int64(req.DeleteAfterDays), aws.ToInt64(out.MinRetentionDays), aws.ToInt64(out.MaxRetentionDays)
	switch {
	case most > 0 && (days == 0 || days > most):
		return failure.Errorf(failure.Invalid, "vault %s is locked and keeps points at most %d days: delete_after_days is %d", name, most, days)
	case least > 0 && days > 0 && days < least:
		return failure.Errorf(failure.Invalid, "vault %s is locked and keeps points at least %d days: delete_after_days is %d", name, least, days)
	default:
		return nil
	}
}
