package fsxbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

var _ conformance.Tried = (*Driver)(nil)

// Wiring tells how to try the driver.
func (d *Driver) Wiring() conformance.Wiring {
	return conformance.Wiring{
		Tagged:  true,
		Foreign: d.foreign, Emulated: d.kind.Emulated,
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeFileSystems", "DescribeDataRepositoryAssociations", "DescribeNetworkInterfaces"},
			conformance.Start:    {"CreateBackup"},
			conformance.Find:     {"DescribeBackups", "DescribeFileSystems"},
			conformance.Look:     {"DescribeBackups", "DescribeFileSystems"},
			conformance.List:     {"DescribeBackups"},
			conformance.Delete:   {"DescribeBackups", "DeleteBackup"},
			conformance.Copy:     {"CopyBackup"},
			conformance.Restore:  {"CreateFileSystemFromBackup"},
		},
		Codes: map[failure.Class]string{
			failure.Busy: "BackupInProgress", failure.Quota: "ServiceLimitExceeded", failure.Invalid: "BadRequest",
			failure.Unsupported: "UnsupportedOperation",
		},
		Unsupported: map[conformance.Ability]string{
			conformance.CanCancel:      "FSx cannot stop a backup",
			conformance.CanChill:       "FSx has no cold storage for backups",
			conformance.CanCopyAccount: "FSx copies no backups to other accounts: AWS Backup does",
		},
	}
}

// foreign makes a backup as the console does.
func (d *Driver) foreign(ctx context.Context, scope resource.Scope, r resource.Resource) (driver.Ref, error) {
	client, err := d.clients.Get(ctx, scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateBackup(ctx, &fsx.CreateBackupInput{FileSystemId: &r.Name})
	if err != nil {
		return "", wrap("CreateBackup", err)
	}
	return driver.Ref(aws.ToString(out.Backup.BackupId)), nil
}
