package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/abroad"
	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/resource"
)

// Copy begins a copy of an available image into req.Scope. CopyImage takes the mark's
// token, so a repeated call returns the copy of the first. Snapshots that are encrypted
// stay so, with req.KMSKeyID or else the destination's default key; a key encrypts a copy
// of unencrypted ones. An image of another account is shared with req.Scope's first, with
// its snapshots; FinishCopy ends that.
func (d *Driver) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	if err := abroad.Check(req, driver.RegionFirst); err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	if err := abroad.Share(ctx, req, d.share); err != nil {
		return "", err
	}
	in := &ec2.CopyImageInput{
		Name: aws.String(req.Mark.Name()), ClientToken: aws.String(req.Mark.Token()),
		SourceRegion: aws.String(req.SourceScope.Region), SourceImageId: aws.String(string(req.Source.Ref)),
		Description: ec2calls.Description(req.Mark), TagSpecifications: tagged(req.Mark, req.Tags),
	}
	if req.KMSKeyID != "" {
		in.Encrypted, in.KmsKeyId = aws.Bool(true), aws.String(req.KMSKeyID)
	}
	out, err := client.CopyImage(ctx, in)
	if err != nil {
		ref, err := adopt(ctx, client, awserr.Wrap("ec2:CopyImage", err, copyCodes, codes), req.Mark)
		return ref, abroad.Explain(req, err)
	}
	return driver.Ref(aws.ToString(out.ImageId)), nil
}

// FinishCopy stops sharing the source and its snapshots with the destination's account.
func (d *Driver) FinishCopy(ctx context.Context, req driver.CopyRequest) error {
	return abroad.Finish(ctx, req, d.share)
}

// share changes, as the owner, who may copy the source: the image, and each of its snapshots.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ami-copy-works.html
func (d *Driver) share(ctx context.Context, req driver.CopyRequest, change abroad.Change) error {
	owner, err := d.clients.Get(ctx, req.SourceScope, resource.ForCopy)
	if err != nil {
		return err
	}
	parts, err := partsToShare(ctx, owner, string(req.Source.Ref), change)
	if err != nil {
		return err
	}
	for _, snapshot := range parts {
		_, err := owner.ModifySnapshotAttribute(ctx, ec2calls.SnapshotPermission(snapshot, change))
		if err := ec2calls.WrapShare(err, codes); err != nil && !(failure.Is(err, failure.NotFound) && len(change.Remove) > 0) {
			return err
		}
	}
	_, err = owner.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId: aws.String(string(req.Source.Ref)),
		LaunchPermission: &types.LaunchPermissionModifications{
			Add: permissions(change.Add), Remove: permissions(change.Remove),
		},
	})
	return wrap("ModifyImageAttribute", err)
}

// partsToShare returns the snapshots of an image. Those of an image that is gone may have
// stayed: what is taken back is taken back from them too.
func partsToShare(ctx context.Context, owner api, id string, change abroad.Change) ([]string, error) {
	image, err := imageByID(ctx, owner, id)
	switch {
	case err != nil:
		return nil, err
	case image != nil:
		return snapshotsOf(image), nil
	case len(change.Remove) > 0:
		return orphans(ctx, owner, id)
	}
	return nil, failure.Errorf(failure.NotFound, "image %s is not there", id)
}

func permissions(accounts []string) (all []types.LaunchPermission) {
	for _, account := range accounts {
		all = append(all, types.LaunchPermission{UserId: aws.String(account)})
	}
	return all
}
