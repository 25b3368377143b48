package neptune

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/neptune"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver/internal/rdscluster"
)

// client is Neptune's API in RDS's types.
type client struct{ *neptune.Client }

var _ rdscluster.API = client{}

// DescribeDBClusters lists clusters, of every engine unless filtered.
func (c client) DescribeDBClusters(ctx context.Context, in *rds.DescribeDBClustersInput, _ ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error) {
	return rdscluster.Call[rds.DescribeDBClustersOutput](ctx, in, c.Client.DescribeDBClusters)
}

// DescribeDBInstances lists instances.
func (c client) DescribeDBInstances(ctx context.Context, in *rds.DescribeDBInstancesInput, _ ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error) {
	return rdscluster.Call[rds.DescribeDBInstancesOutput](ctx, in, c.Client.DescribeDBInstances)
}

// DescribeDBClusterSnapshots lists cluster snapshots.
func (c client) DescribeDBClusterSnapshots(ctx context.Context, in *rds.DescribeDBClusterSnapshotsInput, _ ...func(*rds.Options)) (*rds.DescribeDBClusterSnapshotsOutput, error) {
	return rdscluster.Call[rds.DescribeDBClusterSnapshotsOutput](ctx, in, c.Client.DescribeDBClusterSnapshots)
}

// CreateDBClusterSnapshot begins a snapshot.
func (c client) CreateDBClusterSnapshot(ctx context.Context, in *rds.CreateDBClusterSnapshotInput, _ ...func(*rds.Options)) (*rds.CreateDBClusterSnapshotOutput, error) {
	return rdscluster.Call[rds.CreateDBClusterSnapshotOutput](ctx, in, c.Client.CreateDBClusterSnapshot)
}

// CopyDBClusterSnapshot begins a copy.
func (c client) CopyDBClusterSnapshot(ctx context.Context, in *rds.CopyDBClusterSnapshotInput, _ ...func(*rds.Options)) (*rds.CopyDBClusterSnapshotOutput, error) {
	return rdscluster.Call[rds.CopyDBClusterSnapshotOutput](ctx, in, c.Client.CopyDBClusterSnapshot)
}

// ModifyDBClusterSnapshotAttribute changes who may copy a snapshot.
func (c client) ModifyDBClusterSnapshotAttribute(ctx context.Context, in *rds.ModifyDBClusterSnapshotAttributeInput, _ ...func(*rds.Options)) (*rds.ModifyDBClusterSnapshotAttributeOutput, error) {
	return rdscluster.Call[rds.ModifyDBClusterSnapshotAttributeOutput](ctx, in, c.Client.ModifyDBClusterSnapshotAttribute)
}

// DeleteDBClusterSnapshot deletes a snapshot.
func (c client) DeleteDBClusterSnapshot(ctx context.Context, in *rds.DeleteDBClusterSnapshotInput, _ ...func(*rds.Options)) (*rds.DeleteDBClusterSnapshotOutput, error) {
	return rdscluster.Call[rds.DeleteDBClusterSnapshotOutput](ctx, in, c.Client.DeleteDBClusterSnapshot)
}

// ListTagsForResource lists the tags of one resource.
func (c client) ListTagsForResource(ctx context.Context, in *rds.ListTagsForResourceInput, _ ...func(*rds.Options)) (*rds.ListTagsForResourceOutput, error) {
	return rdscluster.Call[rds.ListTagsForResourceOutput](ctx, in, c.Client.ListTagsForResource)
}

// RestoreDBClusterFromSnapshot makes a cluster of a snapshot.
func (c client) RestoreDBClusterFromSnapshot(ctx context.Context, in *rds.RestoreDBClusterFromSnapshotInput, _ ...func(*rds.Options)) (*rds.RestoreDBClusterFromSnapshotOutput, error) {
	return rdscluster.Call[rds.RestoreDBClusterFromSnapshotOutput](ctx, in, c.Client.RestoreDBClusterFromSnapshot)
}

// RestoreDBClusterToPointInTime makes a cluster as another was at a moment.
func (c client) RestoreDBClusterToPointInTime(ctx context.Context, in *rds.RestoreDBClusterToPointInTimeInput, _ ...func(*rds.Options)) (*rds.RestoreDBClusterToPointInTimeOutput, error) {
	return rdscluster.Call[rds.RestoreDBClusterToPointInTimeOutput](ctx, in, c.Client.RestoreDBClusterToPointInTime)
}

// ModifyDBCluster changes a cluster.
func (c client) ModifyDBCluster(ctx context.Context, in *rds.ModifyDBClusterInput, _ ...func(*rds.Options)) (*rds.ModifyDBClusterOutput, error) {
	return rdscluster.Call[rds.ModifyDBClusterOutput](ctx, in, c.Client.ModifyDBCluster)
}

// CreateDBInstance adds an instance to a cluster.
func (c client) CreateDBInstance(ctx context.Context, in *rds.CreateDBInstanceInput, _ ...func(*rds.Options)) (*rds.CreateDBInstanceOutput, error) {
	return rdscluster.Call[rds.CreateDBInstanceOutput](ctx, in, c.Client.CreateDBInstance)
}
