package fsxbackup

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/resource"
)

// interfacePage is the most network interfaces one page has.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html
const interfacePage = 1000

// Settings is what a file system's Resource.Settings holds: what it is, to be read, and
// the values of a restore's parameters.
type Settings struct {
	CapacityGiB int32             `json:"capacity_gib"`
	VPCID       string            `json:"vpc_id,omitempty"`
	Parameters  map[string]string `json:"parameters"`
}

// eachPage calls visit for every page of file systems, of whatever type.
func eachPage(ctx context.Context, client api, ids []string, visit func([]types.FileSystem) error) error {
	in := &fsx.DescribeFileSystemsInput{FileSystemIds: ids}
	if len(ids) == 0 {
		in.MaxResults = aws.Int32(pageItems)
	}
	pages := fsx.NewDescribeFileSystemsPaginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeFileSystems", err)
		}
		if err := visit(page.FileSystems); err != nil {
			return err
		}
	}
	return nil
}

func eachSystem(ctx context.Context, client api, ids []string, visit func(*types.FileSystem) error) error {
	return eachPage(ctx, client, ids, func(page []types.FileSystem) error {
		for i := range page {
			if err := visit(&page[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Discover lists the file systems of the kind: one listing, with the security groups of
// each page and, where there may be any, one listing of links to data repositories.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := d.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	var linked map[string]bool
	return eachPage(ctx, client, nil, func(page []types.FileSystem) error {
		ours := d.ours(page)
		if len(ours) == 0 {
			return nil
		}
		if d.kind.Linked && linked == nil {
			if linked, err = linkedSystems(ctx, client); err != nil {
				return err
			}
		}
		groups, err := d.groups(ctx, scope, ours)
		if err != nil {
			return err
		}
		for _, f := range ours {
			found, err := d.toResource(scope, f, linked[aws.ToString(f.FileSystemId)], groups)
			if err != nil {
				return err
			}
			if err := yield(found); err != nil {
				return err
			}
		}
		return nil
	})
}

// ours picks what is of the kind, and neither being made nor on its way out.
func (d *Driver) ours(page []types.FileSystem) (ours []*types.FileSystem) {
	for i := range page {
		f := &page[i]
		passing := f.Lifecycle == types.FileSystemLifecycleCreating || f.Lifecycle == types.FileSystemLifecycleDeleting
		if f.FileSystemType == d.kind.Type && !passing {
			ours = append(ours, f)
		}
	}
	return ours
}

func (d *Driver) toResource(scope resource.Scope, f *types.FileSystem, linked bool, groups map[string][]string) (resource.Resource, error) {
	id := aws.ToString(f.FileSystemId)
	found := resource.Resource{
		ARN: aws.ToString(f.ResourceARN), Kind: d.kind.Kind, Account: scope.Account, Region: scope.Region, Name: id,
		Tags: fromTags(f.Tags), Unsupported: d.unsupported(f, linked),
	}
	if found.ARN == "" {
		found.ARN = fmt.Sprintf("arn:%s:fsx:%s:%s:file-system/%s", scope.Partition, scope.Region, scope.Account, id)
	}
	raw, err := json.Marshal(Settings{
		CapacityGiB: aws.ToInt32(f.StorageCapacity), VPCID: aws.ToString(f.VpcId), Parameters: d.record(f, groups),
	})
	if err != nil {
		return found, failure.Errorf(failure.Internal, "record settings of file system %s: %w", id, err)
	}
	found.Settings = raw
	return found, nil
}

// unsupported says why a file system cannot be backed up, "" when it can. One that is
// misconfigured may still be.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_FileSystem.html
func (d *Driver) unsupported(f *types.FileSystem, linked bool) string {
	switch f.Lifecycle {
	case types.FileSystemLifecycleFailed, types.FileSystemLifecycleMisconfiguredUnavailable:
		return "the file system is in state " + string(f.Lifecycle)
	}
	if d.kind.Unsupported == nil {
		return ""
	}
	return d.kind.Unsupported(f, linked)
}

// linkedSystems returns the ids of the file systems with data repository associations.
func linkedSystems(ctx context.Context, client api) (map[string]bool, error) {
	linked := map[string]bool{}
	pages := fsx.NewDescribeDataRepositoryAssociationsPaginator(client, &fsx.DescribeDataRepositoryAssociationsInput{MaxResults: aws.Int32(pageItems)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, wrap("DescribeDataRepositoryAssociations", err)
		}
		for _, a := range page.Associations {
			if a.Lifecycle != types.DataRepositoryLifecycleDeleting && a.Lifecycle != types.DataRepositoryLifecycleFailed {
				linked[aws.ToString(a.FileSystemId)] = true
			}
		}
	}
	return linked, nil
}

// groups returns the security groups of the file systems of one page by network
// interface. All interfaces of a file system have the same, so the first is asked about.
func (d *Driver) groups(ctx context.Context, scope resource.Scope, systems []*types.FileSystem) (map[string][]string, error) {
	groups := map[string][]string{}
	var ids []string
	for _, f := range systems {
		if len(f.NetworkInterfaceIds) > 0 {
			ids = append(ids, f.NetworkInterfaceIds[0])
		}
	}
	if len(ids) == 0 {
		return groups, nil
	}
	client, err := d.networks.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	pages := ec2.NewDescribeNetworkInterfacesPaginator(client, &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{ec2calls.Filter("network-interface-id", ids...)}, MaxResults: aws.Int32(interfacePage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, awserr.Wrap("ec2:DescribeNetworkInterfaces", err)
		}
		for _, i := range page.NetworkInterfaces {
			for _, group := range i.Groups {
				groups[aws.ToString(i.NetworkInterfaceId)] = append(groups[aws.ToString(i.NetworkInterfaceId)], aws.ToString(group.GroupId))
			}
		}
	}
	return groups, nil
}
