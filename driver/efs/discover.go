package efs

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"holdfast/failure"
	"holdfast/resource"
)

// systemPage is the most file systems one page has.
// Source: https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystems.html
const systemPage = 100

// Settings is what a restore needs of a file system.
type Settings struct {
	PerformanceMode  string                  `json:"performance_mode,omitempty"`
	ThroughputMode   string                  `json:"throughput_mode,omitempty"`
	Encrypted        bool                    `json:"encrypted,omitempty"`
	KMSKeyID         string                  `json:"kms_key_id,omitempty"`
	AvailabilityZone string                  `json:"availability_zone,omitempty"` // One Zone file systems only
	Lifecycle        []types.LifecyclePolicy `json:"lifecycle,omitempty"`
	MountTargets     []MountTarget           `json:"mount_targets,omitempty"`
}

// MountTarget is one way into a file system.
type MountTarget struct {
	SubnetID       string   `json:"subnet_id"`
	SecurityGroups []string `json:"security_groups,omitempty"`
}

// discover lists the file systems and reads the settings of each. One that is deleted in
// between is left out.
func (f *files) discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := f.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	pages := efs.NewDescribeFileSystemsPaginator(client, &efs.DescribeFileSystemsInput{MaxItems: aws.Int32(systemPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeFileSystems", err)
		}
		for _, system := range page.FileSystems {
			found, err := read(ctx, client, scope, system)
			if failure.Is(err, failure.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := yield(found); err != nil {
				return err
			}
		}
	}
	return nil
}

func read(ctx context.Context, client api, scope resource.Scope, system types.FileSystemDescription) (resource.Resource, error) {
	id := aws.ToString(system.FileSystemId)
	found := resource.Resource{
		ARN: aws.ToString(system.FileSystemArn), Kind: resource.EFS, Account: scope.Account, Region: scope.Region,
		Name: id, Tags: map[string]string{}, Unsupported: unsupported(system.LifeCycleState),
	}
	for _, tag := range system.Tags {
		found.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	settings := Settings{
		PerformanceMode: string(system.PerformanceMode), ThroughputMode: string(system.ThroughputMode),
		Encrypted: aws.ToBool(system.Encrypted), KMSKeyID: aws.ToString(system.KmsKeyId),
		AvailabilityZone: aws.ToString(system.AvailabilityZoneName),
	}
	rules, err := client.DescribeLifecycleConfiguration(ctx, &efs.DescribeLifecycleConfigurationInput{FileSystemId: &id})
	if err != nil {
		return found, wrap("DescribeLifecycleConfiguration", err)
	}
	settings.Lifecycle = rules.LifecyclePolicies
	if system.NumberOfMountTargets > 0 {
		if settings.MountTargets, err = mountTargets(ctx, client, id); err != nil {
			return found, err
		}
	}
	if found.Settings, err = json.Marshal(settings); err != nil {
		return found, failure.Errorf(failure.Internal, "record settings of file system %s: %w", id, err)
	}
	return found, nil
}

// unsupported says why a file system cannot be backed up as it is now, "" when it can.
// Source: https://docs.aws.amazon.com/efs/latest/ug/API_FileSystemDescription.html
func unsupported(s types.LifeCycleState) string {
	switch s {
	case types.LifeCycleStateDeleting, types.LifeCycleStateDeleted:
		return "the file system is being deleted"
	case types.LifeCycleStateError:
		return "the file system is in state error"
	default:
		return ""
	}
}

func mountTargets(ctx context.Context, client api, id string) ([]MountTarget, error) {
	var targets []MountTarget
	pages := efs.NewDescribeMountTargetsPaginator(client, &efs.DescribeMountTargetsInput{FileSystemId: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, wrap("DescribeMountTargets", err)
		}
		for _, m := range page.MountTargets {
			out, err := client.DescribeMountTargetSecurityGroups(ctx, &efs.DescribeMountTargetSecurityGroupsInput{MountTargetId: m.MountTargetId})
			if err != nil {
				return nil, wrap("DescribeMountTargetSecurityGroups", err)
			}
			targets = append(targets, MountTarget{SubnetID: aws.ToString(m.SubnetId), SecurityGroups: out.SecurityGroups})
		}
	}
	return targets, nil
}
