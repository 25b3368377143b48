package dynamodb_test

import (
	"testing"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	holdfast "holdfast/driver/dynamodb"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformanceByAWSBackup(t *testing.T) {
	t.Parallel()
	kind := simharness.ByAWSBackup(resource.DynamoDB, func(p awssession.Provider) driver.Driver {
		return holdfast.NewAWSBackup(p, awsbackup.Options{})
	})
	kind.Calls[conformance.Discover] = []string{"ListTables", "DescribeTable", "ListTagsOfResource"}
	drivertest.Run(t, simharness.New(kind))
}
