package fsxwindows_test

import (
	"testing"

	"holdfast/driver/awsbackup"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/fsxwindows"
	"holdfast/internal/awssession"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(fsxwindows.New))
}

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver {
		return fsxwindows.NewAWSBackup(p, awsbackup.Options{})
	}))
}
