package ec2_test

import (
	"testing"

	"holdfast/driver/awsbackup"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/ec2"
	"holdfast/internal/awssession"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(ec2.New))
}

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver {
		return ec2.NewAWSBackup(p, awsbackup.Options{})
	}))
}
