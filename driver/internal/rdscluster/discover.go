package rdscluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/rdssnap"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// Discover lists the clusters of the kind with their instances: one listing of clusters
// and one of the instances of each page. Tags of a bare service take a call for each.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	return eachPage(ctx, client, d.kind.listed(), func(page []types.DBCluster) error {
		var ids []string
		for i := range page {
			if len(page[i].DBClusterMembers) > 0 {
				ids = append(ids, aws.ToString(page[i].DBClusterIdentifier))
			}
		}
		instances, err := instancesOf(ctx, client, ids...)
		if err != nil {
			return err
		}
		for i := range page {
			c := &page[i]
			if err := d.discovered(ctx, client, scope, c, instances[aws.ToString(c.DBClusterIdentifier)], yield); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Driver) discovered(ctx context.Context, api API, scope resource.Scope, c *types.DBCluster, instances []types.DBInstance, yield func(resource.Resource) error) error {
	if aws.ToString(c.Status) == "deleting" {
		return nil
	}
	tags, err := d.tags(ctx, api, c)
	if failure.Is(err, failure.NotFound) {
		return nil // deleted since it was listed
	}
	if err != nil {
		return err
	}
	raw, err := json.Marshal(settingsOf(c, instances))
	if err != nil {
		return failure.Errorf(failure.Internal, "record settings of a DB cluster: %w", err)
	}
	found := resource.Resource{
		ARN: aws.ToString(c.DBClusterArn), Kind: d.kind.Kind, Account: scope.Account, Region: scope.Region,
		Name: aws.ToString(c.DBClusterIdentifier), Tags: tags, Settings: raw,
	}
	if found.ARN == "" {
		found.ARN = fmt.Sprintf("arn:%s:rds:%s:%s:cluster:%s", scope.Partition, scope.Region, scope.Account, found.Name)
	}
	if d.kind.Unsupported != nil {
		found.Unsupported = d.kind.Unsupported(c)
	}
	return yield(found)
}

// Find looks for the snapshot named by the mark's token, or, for Restore, through the
// tags of the clusters made since, since the user may have chosen any identifier.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Find(ctx, req)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return "", err
	}
	var ref driver.Ref
	err = eachPage(ctx, client, d.kind.Engines, func(page []types.DBCluster) error {
		for i := range page {
			if created := aws.ToTime(page[i].ClusterCreateTime); !created.IsZero() && created.Before(req.Since.Add(-clockSkew)) {
				continue
			}
			tags, err := d.tags(ctx, client, &page[i])
			if err != nil && !failure.Is(err, failure.NotFound) {
				return err
			}
			if marktags.Same(tags, req.Mark) {
				ref = driver.Ref(aws.ToString(page[i].DBClusterIdentifier))
			}
		}
		return nil
	})
	if err == nil && ref == "" {
		err = failure.Errorf(failure.NotFound, "no DB cluster of job %s in %s", req.Mark.JobID, req.Scope.Region)
	}
	return ref, err
}

// Look observes snapshots, or for Restore clusters, with one listing.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if req.Operation != driver.Restore {
		return d.Snapshots.Look(ctx, req)
	}
	if err := d.CheckLook(req); err != nil {
		return nil, err
	}
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	if len(req.Refs) == 0 {
		return seen, nil
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	err = eachPage(ctx, client, d.kind.Engines, func(page []types.DBCluster) error {
		for i := range page {
			if ref := driver.Ref(aws.ToString(page[i].DBClusterIdentifier)); slices.Contains(req.Refs, ref) {
				seen[ref] = clusterStatus(&page[i])
			}
		}
		return nil
	}, asked(req.Refs)...)
	if err != nil {
		return nil, err
	}
	return seen, nil
}

// asked returns the filter for some clusters, none for more than a filter takes.
func asked(clusters []driver.Ref) []types.Filter {
	if len(clusters) > rdssnap.PageSize {
		return nil
	}
	return []types.Filter{rdssnap.Filter("db-cluster-id", refs.Strings(clusters)...)}
}
