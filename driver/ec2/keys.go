package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/resource"
)

// snapshotsOf returns the ids of the snapshots of an image.
func snapshotsOf(image *types.Image) (ids []string) {
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs != nil && m.Ebs.SnapshotId != nil {
			ids = append(ids, *m.Ebs.SnapshotId)
		}
	}
	return ids
}

// encryptedParts are the snapshots of encrypted images: what EC2 says of an image has no keys.
type encryptedParts map[string]driver.Ref // from snapshot to image

func (p encryptedParts) add(image *types.Image, status driver.Status) {
	if status.State != driver.Succeeded || !status.Point.Encrypted {
		return
	}
	for _, id := range snapshotsOf(image) {
		p[id] = status.Point.Ref
	}
}

// keys asks for the keys of the snapshots, in as few calls as there can be. An image with
// several keys is under the one that AWS manages if any is: that one rules what can be done.
func (p encryptedParts) keys(ctx context.Context, client api, scope resource.Scope, d *Driver) (map[driver.Ref]string, error) {
	keys := map[driver.Ref]string{}
	ids := make([]string, 0, len(p))
	for id := range p {
		ids = append(ids, id)
	}
	for len(ids) > 0 {
		some := ids[:min(len(ids), ec2calls.MaxFilterValues)]
		ids = ids[len(some):]
		err := eachSnapshotPage(ctx, client, func(page []types.Snapshot) error {
			for _, s := range page {
				key, err := d.names.Of(ctx, scope, aws.ToString(s.KmsKeyId))
				if err != nil {
					return err
				}
				image := p[aws.ToString(s.SnapshotId)]
				if keys[image] == "" || driver.IsAWSManagedKey(key) {
					keys[image] = key
				}
			}
			return nil
		}, ec2calls.Filter("snapshot-id", some...))
		if err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// nameKeys fills in the keys of the encrypted images that Look has seen complete.
func (d *Driver) nameKeys(ctx context.Context, client api, scope resource.Scope, parts encryptedParts, seen map[driver.Ref]driver.Status) error {
	keys, err := parts.keys(ctx, client, scope, d)
	if err != nil {
		return err
	}
	for ref, key := range keys {
		status := seen[ref]
		status.Point.KMSKeyID = key
		seen[ref] = status
	}
	return nil
}

// eachSnapshotPage calls visit for each page of our own snapshots that match filters.
func eachSnapshotPage(ctx context.Context, client api, visit func([]types.Snapshot) error, filters ...types.Filter) error {
	pages := ec2.NewDescribeSnapshotsPaginator(client, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: aws.Int32(imagePage), Filters: filters,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeSnapshots", err)
		}
		if err := visit(page.Snapshots); err != nil {
			return err
		}
	}
	return nil
}
