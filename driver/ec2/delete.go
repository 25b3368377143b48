package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/resource"
)

// Delete deregisters the image if it carries the installation's mark, and deletes its
// snapshots. Called again after it was interrupted, it deletes the snapshots that stayed.
func (d *Driver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	image, err := imageByID(ctx, client, string(req.Ref))
	if err != nil {
		return err
	}
	if image == nil {
		left, err := orphans(ctx, client, string(req.Ref))
		if err != nil {
			return err
		}
		return deleteSnapshots(ctx, client, left)
	}
	if mark, ok := driver.MarkFromTags(ec2calls.FromTags(image.Tags)); !ok || mark.Installation != req.Installation {
		return failure.Errorf(failure.Held, "image %s does not carry the mark of installation %s", req.Ref, req.Installation)
	}
	out, err := client.DeregisterImage(ctx, &ec2.DeregisterImageInput{
		ImageId: image.ImageId, DeleteAssociatedSnapshots: aws.Bool(true),
	})
	if err := wrap("DeregisterImage", err); failure.Is(err, failure.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return deleteSnapshots(ctx, client, leftBy(image, out.DeleteSnapshotResults))
}

// leftBy returns the snapshots of an image that its deregistration did not delete.
func leftBy(image *types.Image, results []types.DeleteSnapshotReturnCode) (left []string) {
	deleted := map[string]bool{}
	for _, r := range results {
		deleted[aws.ToString(r.SnapshotId)] = r.ReturnCode == types.SnapshotReturnCodesSuccess
	}
	for _, id := range snapshotsOf(image) {
		if !deleted[id] {
			left = append(left, id)
		}
	}
	return left
}

// orphans returns the snapshots made for an image that is gone. EC2 writes the image into
// their descriptions; our tag says that they came with one of ours.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/deregister-ami.html
func orphans(ctx context.Context, client api, image string) (left []string, err error) {
	err = eachSnapshotPage(ctx, client, func(page []types.Snapshot) error {
		for _, s := range page {
			left = append(left, aws.ToString(s.SnapshotId))
		}
		return nil
	},
		ec2calls.Filter("tag-key", TagPartOf),
		ec2calls.Filter("description", "Created by CreateImage(*) for "+image+"*", "Copied for DestinationAmi "+image+" *"),
	)
	return left, err
}

// deleteSnapshots deletes what an image left. One that is gone is fine; one that another
// image was made of since stays, and is that image's.
func deleteSnapshots(ctx context.Context, client api, ids []string) error {
	for _, id := range ids {
		_, err := client.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: aws.String(id)})
		err = wrap("DeleteSnapshot", err)
		if err != nil && !failure.Is(err, failure.NotFound) && !failure.Is(err, failure.Held) {
			return err
		}
	}
	return nil
}
