package rds_test

import (
	"testing"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/rds"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	kind := simharness.ByAWSBackup(resource.RDS, func(p awssession.Provider) driver.Driver {
		return rds.NewAWSBackup(p, awsbackup.Options{})
	})
	kind.Calls[conformance.Discover] = []string{"DescribeDBInstances"}
	kind.Calls[conformance.List] = []string{"ListBackupVaults", "ListRecoveryPointsByBackupVault", "ListTagsForResource"}
	kind.Calls[conformance.Delete] = []string{"ListTagsForResource", "DeleteRecoveryPoint"}
	drivertest.Run(t, simharness.New(kind))
}
