package rdscluster

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/rdssnap"
	"holdfast/failure"
)

// eachPage calls visit for the clusters of engines, a page at a time: every service of
// the family lists the clusters of all.
func eachPage(ctx context.Context, api API, engines []string, visit func([]types.DBCluster) error, filters ...types.Filter) error {
	pages := rds.NewDescribeDBClustersPaginator(api, &rds.DescribeDBClustersInput{
		Filters: append(filters, rdssnap.Filter("engine", engines...)), MaxRecords: aws.Int32(rdssnap.PageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return rdssnap.Wrap("DescribeDBClusters", err)
		}
		ours := slices.DeleteFunc(page.DBClusters, func(c types.DBCluster) bool {
			return !slices.Contains(engines, aws.ToString(c.Engine))
		})
		if err := visit(ours); err != nil {
			return err
		}
	}
	return nil
}

// cluster returns the cluster of the kind called id, or an error of class not_found.
func (d *Driver) cluster(ctx context.Context, api API, id string) (*types.DBCluster, error) {
	var found *types.DBCluster
	err := eachPage(ctx, api, d.kind.Engines, func(page []types.DBCluster) error {
		if at := slices.IndexFunc(page, func(c types.DBCluster) bool { return aws.ToString(c.DBClusterIdentifier) == id }); at >= 0 {
			found = &page[at]
		}
		return nil
	}, rdssnap.Filter("db-cluster-id", id))
	if err == nil && found == nil {
		err = failure.Errorf(failure.NotFound, "no DB cluster %s", id)
	}
	return found, err
}

// tags returns the tags of a cluster, from the listing where that shows them.
func (d *Driver) tags(ctx context.Context, api API, c *types.DBCluster) (map[string]string, error) {
	if !d.kind.Bare {
		return rdssnap.FromTags(c.TagList), nil
	}
	return tagsOf(ctx, api, aws.ToString(c.DBClusterArn))
}

// instancesOf returns the instances of clusters, at most rdssnap.PageSize of them, by
// cluster.
func instancesOf(ctx context.Context, api API, clusters ...string) (map[string][]types.DBInstance, error) {
	found := map[string][]types.DBInstance{}
	if len(clusters) == 0 {
		return found, nil
	}
	pages := rds.NewDescribeDBInstancesPaginator(api, &rds.DescribeDBInstancesInput{
		Filters: []types.Filter{rdssnap.Filter("db-cluster-id", clusters...)}, MaxRecords: aws.Int32(rdssnap.PageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, rdssnap.Wrap("DescribeDBInstances", err)
		}
		for _, instance := range page.DBInstances {
			of := aws.ToString(instance.DBClusterIdentifier)
			found[of] = append(found[of], instance)
		}
	}
	return found, nil
}

// clusterStatus observes a cluster made by a restore.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html
func clusterStatus(c *types.DBCluster) driver.Status {
	status := driver.Status{State: driver.Pending, Progress: -1}
	switch text := aws.ToString(c.Status); text {
	case "available":
		status.State, status.Progress = driver.Succeeded, 100
	case "failed", "cloning-failed", "migration-failed", "inaccessible-encryption-credentials",
		"inaccessible-encryption-credentials-recoverable", "incompatible-restore", "incompatible-parameters":
		status.State, status.Message = driver.Failed, "the cluster is in status "+text
	case "deleting":
		status.State = driver.Gone
	}
	return status
}

// clockSkew is how far AWS's clock may be behind ours.
const clockSkew = 5 * time.Minute
