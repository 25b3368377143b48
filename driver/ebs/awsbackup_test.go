package ebs_test

import (
	"testing"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/ebs"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	kind := simharness.ByAWSBackup(resource.EBS, func(p awssession.Provider) driver.Driver {
		return ebs.NewAWSBackup(p, awsbackup.Options{})
	})
	kind.Calls[conformance.Discover] = []string{"DescribeVolumes"}
	kind.Calls[conformance.List] = []string{"ListBackupVaults", "ListRecoveryPointsByBackupVault", "DescribeTags"}
	kind.Calls[conformance.Delete] = []string{"DescribeTags", "DeleteRecoveryPoint"}
	drivertest.Run(t, simharness.New(kind))
}
