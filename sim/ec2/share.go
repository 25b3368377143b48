package ec2

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/sim/internal/cloud"
)

// accounts are those something is shared with.
type accounts map[string]bool

// list returns the accounts, ordered.
func (a accounts) list() []string { return slices.Sorted(maps.Keys(a)) }

// changed returns a with some accounts added and others removed.
func (a accounts) changed(add, remove []string) accounts {
	after := maps.Clone(a)
	if after == nil {
		after = accounts{}
	}
	for _, account := range add {
		after[account] = true
	}
	for _, account := range remove {
		delete(after, account)
	}
	return after
}

// modifySnapshotAttribute adds or removes accounts that may copy a snapshot and make
// volumes of it. One that is encrypted with the default key cannot be shared.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
func (s *Service) modifySnapshotAttribute(c *cloud.Call, in *ec2.ModifySnapshotAttributeInput) (*ec2.ModifySnapshotAttributeOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	snap, ok := s.snapshots.Get(c.Place, aws.ToString(in.SnapshotId))
	if !ok {
		return nil, noSnapshot(aws.ToString(in.SnapshotId))
	}
	if in.Attribute != types.SnapshotAttributeNameCreateVolumePermission {
		return nil, cloud.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid.", in.Attribute)
	}
	switch in.OperationType {
	case types.OperationTypeAdd:
		if err := snap.frozen(c.Now); err != nil {
			return nil, err
		}
		if cloud.AWSManaged(snap.key) {
			return nil, cloud.Errorf("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
		}
		snap.shared = snap.shared.changed(in.UserIds, nil)
	case types.OperationTypeRemove:
		snap.shared = snap.shared.changed(nil, in.UserIds)
	default:
		return nil, cloud.Errorf("InvalidParameterCombination", "The request must contain an operationType.")
	}
	return &ec2.ModifySnapshotAttributeOutput{}, nil
}

// modifyImageAttribute adds and removes accounts that may launch instances from an image.
// To copy it they need its snapshots as well.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
func (s *Service) modifyImageAttribute(c *cloud.Call, in *ec2.ModifyImageAttributeInput) (*ec2.ModifyImageAttributeOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	img, ok := s.images.Get(c.Place, aws.ToString(in.ImageId))
	switch {
	case !ok:
		return nil, noImage(aws.ToString(in.ImageId))
	case in.LaunchPermission == nil:
		return nil, cloud.Errorf("InvalidParameterCombination", "The simulated ModifyImageAttribute changes launch permissions only.")
	case len(in.LaunchPermission.Add) > 0 && !img.progress.Succeeded(c.Now):
		return nil, cloud.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is not available.", img.id)
	case len(in.LaunchPermission.Add) > 0 && slices.ContainsFunc(img.snapshots, func(s *snapshot) bool { return cloud.AWSManaged(s.key) }):
		return nil, cloud.Errorf("InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
	}
	img.shared = img.shared.changed(userIDs(in.LaunchPermission.Add), userIDs(in.LaunchPermission.Remove))
	return &ec2.ModifyImageAttributeOutput{}, nil
}

func userIDs(permissions []types.LaunchPermission) (ids []string) {
	for _, p := range permissions {
		ids = append(ids, aws.ToString(p.UserId))
	}
	return ids
}

// sharedWith returns the accounts that may have the image or any of its snapshots.
func (i *image) sharedWith() []string {
	all := i.shared
	for _, snap := range i.snapshots {
		all = all.changed(snap.shared.list(), nil)
	}
	return all.list()
}

// partsShared reports whether every snapshot of the image is shared with an account.
func (i *image) partsShared(with string) bool {
	return !slices.ContainsFunc(i.snapshots, func(s *snapshot) bool { return !s.shared[with] })
}
