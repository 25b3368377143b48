package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/rdssnap"
)

// eachInstance calls visit for every DB instance that matches filters.
func eachInstance(ctx context.Context, client api, visit func(*types.DBInstance) error, filters ...types.Filter) error {
	pages := rds.NewDescribeDBInstancesPaginator(client, &rds.DescribeDBInstancesInput{
		Filters: filters, MaxRecords: aws.Int32(rdssnap.PageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return rdssnap.Wrap("DescribeDBInstances", err)
		}
		for i := range page.DBInstances {
			if err := visit(&page.DBInstances[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// standalone reports whether the instance is of this kind: no member of a cluster, and
// not of an engine that only lives in clusters of other kinds.
func standalone(in *types.DBInstance) bool {
	if aws.ToString(in.DBClusterIdentifier) != "" {
		return false
	}
	switch aws.ToString(in.Engine) {
	case "neptune", "docdb", "aurora", "aurora-mysql", "aurora-postgresql":
		return false
	}
	return true
}

// instanceStatus observes an instance made by a restore.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
func instanceStatus(in *types.DBInstance) driver.Status {
	status := driver.Status{State: driver.Pending, Progress: -1}
	switch text := aws.ToString(in.DBInstanceStatus); text {
	case "available", "storage-optimization":
		status.State, status.Progress = driver.Succeeded, 100
	case "failed", "restore-error", "incompatible-restore", "incompatible-parameters", "incompatible-network",
		"incompatible-option-group", "incompatible-create", "inaccessible-encryption-credentials", "storage-full":
		status.State, status.Message = driver.Failed, "the instance is in status "+text
	case "deleting":
		status.State = driver.Gone
	}
	return status
}
