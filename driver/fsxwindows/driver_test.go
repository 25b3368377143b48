package fsxwindows_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/fsxwindows"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.New(simharness.Kind{
		Kind: resource.FSxWindows, Tagged: true,
		New: func(p awssession.Provider) driver.Driver { return fsxwindows.New(p) },
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"DescribeFileSystems", "DescribeNetworkInterfaces"},
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
		Foreign: func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
			out, err := fsx.NewFromConfig(cfg).CreateBackup(ctx, &fsx.CreateBackupInput{FileSystemId: &r.Name})
			if err != nil {
				return "", err
			}
			return *out.Backup.BackupId, nil
		},
	}))
}
