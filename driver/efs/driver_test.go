package efs_test

import (
	"testing"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/efs"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	kind := simharness.ByAWSBackup(resource.EFS, func(p awssession.Provider) driver.Driver { return efs.New(p, awsbackup.Options{}) })
	kind.Calls[conformance.Discover] = []string{"DescribeFileSystems", "DescribeMountTargets"}
	drivertest.Run(t, simharness.New(kind))
}
