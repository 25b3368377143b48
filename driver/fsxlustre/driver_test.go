package fsxlustre_test

import (
	"testing"

	"holdfast/driver/awsbackup"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/fsxlustre"
	"holdfast/internal/awssession"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(fsxlustre.New))
}

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver {
		return fsxlustre.NewAWSBackup(p, awsbackup.Options{})
	}))
}
