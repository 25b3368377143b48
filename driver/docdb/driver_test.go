package docdb_test

import (
	"testing"

	"holdfast/driver/awsbackup"
	"holdfast/driver/docdb"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/internal/awssession"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(docdb.New))
}

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver {
		return docdb.NewAWSBackup(p, awsbackup.Options{})
	}))
}
