package efs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"holdfast/sim/internal/cloud"
)

func (s *Service) describeMountTargets(c *cloud.Call, in *efs.DescribeMountTargetsInput) (*efs.DescribeMountTargetsOutput, error) {
	f, err := s.find(c, in.FileSystemId)
	if err != nil {
		return nil, err
	}
	out := &efs.DescribeMountTargetsOutput{}
	for _, m := range f.mounts {
		out.MountTargets = append(out.MountTargets, types.MountTargetDescription{
			FileSystemId: &f.id, MountTargetId: &m.id, SubnetId: &m.subnet, LifeCycleState: types.LifeCycleStateAvailable,
		})
	}
	return out, nil
}

func (s *Service) describeSecurityGroups(c *cloud.Call, in *efs.DescribeMountTargetSecurityGroupsInput) (*efs.DescribeMountTargetSecurityGroupsOutput, error) {
	for _, f := range s.systems.Unordered(c.Place) {
		for _, m := range f.mounts {
			if m.id == aws.ToString(in.MountTargetId) {
				return &efs.DescribeMountTargetSecurityGroupsOutput{SecurityGroups: m.groups}, nil
			}
		}
	}
	return nil, &types.MountTargetNotFound{ErrorCode_: aws.String("MountTargetNotFound"), Message: in.MountTargetId}
}

// createMountTarget refuses a second one in the same subnet: one per Availability Zone.
// Source: https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
func (s *Service) createMountTarget(c *cloud.Call, in *efs.CreateMountTargetInput) (*efs.CreateMountTargetOutput, error) {
	f, err := s.available(c, in.FileSystemId)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(f.mounts, func(m mount) bool { return m.subnet == aws.ToString(in.SubnetId) }) {
		return nil, &types.MountTargetConflict{
			ErrorCode_: aws.String("MountTargetConflict"), Message: aws.String("mount target already exists in this AZ"),
		}
	}
	m := mount{id: c.NewID("fsmt-0", 16), subnet: aws.ToString(in.SubnetId), groups: slices.Clone(in.SecurityGroups)}
	f.mounts = append(f.mounts, m)
	return &efs.CreateMountTargetOutput{
		FileSystemId: &f.id, MountTargetId: &m.id, SubnetId: &m.subnet, LifeCycleState: types.LifeCycleStateCreating,
	}, nil
}
