package neptune_test

import (
	"testing"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/neptune"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	kind := simharness.ByAWSBackup(resource.Neptune, func(p awssession.Provider) driver.Driver {
		return neptune.NewAWSBackup(p, awsbackup.Options{})
	})
	kind.Calls[conformance.Discover] = []string{"DescribeDBClusters", "DescribeDBInstances"}
	kind.Calls[conformance.List] = []string{"ListBackupVaults", "ListRecoveryPointsByBackupVault", "ListTagsForResource"}
	kind.Calls[conformance.Delete] = []string{"ListTagsForResource", "DeleteRecoveryPoint"}
	kind.Exempt["copy-encrypted"] = "AWS leaves the copy of an unencrypted cluster snapshot unencrypted"
	drivertest.Run(t, simharness.New(kind))
}
