package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/failure"
	"holdfast/resource"
)

// Copy begins a copy of an available image into req.Scope. CopyImage takes the mark's
// token, so a repeated call returns the copy of the first. Snapshots that are encrypted
// stay so, with req.KMSKeyID or else the destination's default key; a key encrypts a copy
// of unencrypted ones.
func (d *Driver) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	if req.SourceScope.Account != req.Scope.Account {
		return "", failure.Errorf(failure.Unsupported,
			"copy image %s of account %s into account %s: copies between accounts are not supported",
			req.Source.Ref, req.SourceScope.Account, req.Scope.Account)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForCopy)
	if err != nil {
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
		return adopt(ctx, client, wrap("CopyImage", err), req.Mark)
	}
	return driver.Ref(aws.ToString(out.ImageId)), nil
}
