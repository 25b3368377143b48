package ec2_test

import (
	"testing"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/ec2"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	kind := simharness.ByAWSBackup(resource.EC2, func(p awssession.Provider) driver.Driver {
		return ec2.NewAWSBackup(p, awsbackup.Options{})
	})
	kind.Calls[conformance.Discover] = []string{"DescribeInstances", "DescribeVolumes"}
	kind.Calls[conformance.List] = []string{"ListBackupVaults", "ListRecoveryPointsByBackupVault", "DescribeTags"}
	kind.Calls[conformance.Delete] = []string{"DescribeTags", "DeleteRecoveryPoint"}
	drivertest.Run(t, simharness.New(kind))
}
