package dynamodb_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	holdfast "holdfast/driver/dynamodb"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.New(simharness.Kind{
		Kind: resource.DynamoDB,
		New:  func(p awssession.Provider) driver.Driver { return holdfast.New(p) },
		Calls: map[conformance.Method][]string{
			conformance.Discover: {"ListTables", "DescribeTable", "ListTagsOfResource"},
			conformance.Start:    {"CreateBackup"},
			conformance.Find:     {"ListBackups"},
			conformance.Look:     {"ListBackups", "DescribeBackup", "DescribeTable"},
			conformance.List:     {"ListBackups"},
			conformance.Delete:   {"DescribeBackup", "DeleteBackup"},
			conformance.Restore:  {"RestoreTableFromBackup"},
		},
		Codes: map[failure.Class]string{
			failure.Throttled: "ThrottlingException", failure.Denied: "AccessDeniedException",
			failure.Credentials: "ExpiredTokenException", failure.Busy: "TableInUseException",
			failure.Quota: "LimitExceededException", failure.Invalid: "ValidationException",
		},
		FailedAs: driver.Gone, // neither backups nor restores have a failed state: what fails vanishes
		Foreign: func(ctx context.Context, cfg aws.Config, r resource.Resource) (string, error) {
			out, err := dynamodb.NewFromConfig(cfg).CreateBackup(ctx, &dynamodb.CreateBackupInput{
				TableName: &r.Name, BackupName: aws.String("by-hand"),
			})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.BackupDetails.BackupArn), nil
		},
	}))
}
