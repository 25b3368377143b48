package aurora_test

import (
	"testing"

	"holdfast/driver/aurora"
	"holdfast/driver/awsbackup"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/internal/awssession"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(aurora.New))
}

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver {
		return aurora.NewAWSBackup(p, awsbackup.Options{})
	}))
}
