package storagegateway_test

import (
	"testing"

	"holdfast/driver/awsbackup"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	holdfast "holdfast/driver/storagegateway"
	"holdfast/internal/awssession"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(holdfast.New))
}

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver {
		return holdfast.NewAWSBackup(p, awsbackup.Options{})
	}))
}
