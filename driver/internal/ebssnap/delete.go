package ebssnap

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

// Delete deletes the snapshot if it carries the installation's mark.
func (s *Snapshots) Delete(ctx context.Context, req driver.DeleteRequest) error {
	client, err := s.Client(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	found, err := owned(ctx, client, req)
	if err != nil || found == nil {
		return err
	}
	_, err = client.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: aws.String(string(req.Ref))})
	if err := Wrap("DeleteSnapshot", err); !failure.Is(err, failure.NotFound) {
		return err
	}
	return nil
}

// owned returns the snapshot if it is there and ours, nil if it is not there; one that is
// there and not ours is an error of class held.
func owned(ctx context.Context, client API, req driver.DeleteRequest) (*types.Snapshot, error) {
	var found *types.Snapshot
	err := eachSnapshot(ctx, client, func(s *types.Snapshot) error {
		found = s
		if mark, ok := driver.MarkFromTags(ec2calls.FromTags(s.Tags)); !ok || mark.Installation != req.Installation {
			return failure.Errorf(failure.Held, "snapshot %s does not carry the mark of installation %s",
				req.Ref, req.Installation)
		}
		return nil
	}, ec2calls.Filter("snapshot-id", string(req.Ref)))
	return found, err
}
