package efs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"

	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/clients"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// api is the part of EFS this driver uses.
type api interface {
	efs.DescribeFileSystemsAPIClient
	efs.DescribeMountTargetsAPIClient
	DescribeMountTargetSecurityGroups(context.Context, *efs.DescribeMountTargetSecurityGroupsInput, ...func(*efs.Options)) (*efs.DescribeMountTargetSecurityGroupsOutput, error)
	DescribeLifecycleConfiguration(context.Context, *efs.DescribeLifecycleConfigurationInput, ...func(*efs.Options)) (*efs.DescribeLifecycleConfigurationOutput, error)
	PutLifecycleConfiguration(context.Context, *efs.PutLifecycleConfigurationInput, ...func(*efs.Options)) (*efs.PutLifecycleConfigurationOutput, error)
	CreateMountTarget(context.Context, *efs.CreateMountTargetInput, ...func(*efs.Options)) (*efs.CreateMountTargetOutput, error)
	TagResource(context.Context, *efs.TagResourceInput, ...func(*efs.Options)) (*efs.TagResourceOutput, error)
}

var _ api = (*efs.Client)(nil)

// files is EFS as the engine sees it.
type files struct {
	clients *clients.Pool[api]
}

// New returns the driver of EFS file systems, which takes its AWS configurations from
// sessions.
func New(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	f := &files{clients: clients.NewPool(sessions, func(cfg aws.Config) api { return efs.NewFromConfig(cfg) })}
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: resource.EFS, Title: "EFS file system", Type: "EFS", ColdStorage: true,
		ARNPattern: "arn:*:elasticfilesystem:*:*:file-system/*",
		Discover:   f.discover,
		DiscoverActions: []string{
			"elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeLifecycleConfiguration",
			"elasticfilesystem:DescribeMountTargetSecurityGroups", "elasticfilesystem:DescribeMountTargets",
		},
		Unseen: map[string]string{
			"ec2:CreateNetworkInterface": targetsOfRestore, "ec2:DescribeNetworkInterfaces": targetsOfRestore,
			"ec2:DescribeSubnets": targetsOfRestore, "elasticfilesystem:CreateMountTarget": targetsOfRestore,
		},
		DiscoverCalls: []string{"DescribeFileSystems", "DescribeMountTargets"},
		Restore:       f,
		Emulated:      []conformance.Ability{conformance.CanDiscover},
	})
}

// codes has EFS's codes; the shared table has the rest.
// Source: https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
var codes = awserr.Table{
	"TooManyRequests": failure.Throttled,

	"IncorrectFileSystemLifeCycleState": failure.Busy,
	"IncorrectMountTargetState":         failure.Busy,

	"DependencyTimeout":   failure.Transient,
	"InternalServerError": failure.Transient,

	"FileSystemLimitExceeded":       failure.Quota,
	"NetworkInterfaceLimitExceeded": failure.Quota,
	"NoFreeAddressesInSubnet":       failure.Quota,

	"FileSystemNotFound":  failure.NotFound,
	"MountTargetNotFound": failure.NotFound,

	"FileSystemAlreadyExists": failure.Conflict,
	"IpAddressInUse":          failure.Conflict,
	"MountTargetConflict":     failure.Conflict,

	"AvailabilityZonesMismatch":  failure.Invalid,
	"BadRequest":                 failure.Invalid,
	"SecurityGroupLimitExceeded": failure.Invalid,
	"SecurityGroupNotFound":      failure.Invalid,
	"SubnetNotFound":             failure.Invalid,
	"ValidationException":        failure.Invalid,

	"UnsupportedAvailabilityZone": failure.Unsupported,
}

func wrap(op string, err error) error { return awserr.Wrap("elasticfilesystem:"+op, err, codes) }

const targetsOfRestore = "a restored file system gets the mount targets its source had: https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html"
