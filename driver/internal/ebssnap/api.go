package ebssnap

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/kmskeys"
	"holdfast/resource"
)

// LookMax is how many snapshots one Look may ask for.
const LookMax = ec2calls.MaxFilterValues

// API is the part of EC2 that keeps snapshots.
type API interface {
	ec2.DescribeSnapshotsAPIClient
	CopySnapshot(context.Context, *ec2.CopySnapshotInput, ...func(*ec2.Options)) (*ec2.CopySnapshotOutput, error)
	ModifySnapshotAttribute(context.Context, *ec2.ModifySnapshotAttributeInput, ...func(*ec2.Options)) (*ec2.ModifySnapshotAttributeOutput, error)
	ModifySnapshotTier(context.Context, *ec2.ModifySnapshotTierInput, ...func(*ec2.Options)) (*ec2.ModifySnapshotTierOutput, error)
	DescribeSnapshotTierStatus(context.Context, *ec2.DescribeSnapshotTierStatusInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotTierStatusOutput, error)
	RestoreSnapshotTier(context.Context, *ec2.RestoreSnapshotTierInput, ...func(*ec2.Options)) (*ec2.RestoreSnapshotTierOutput, error)
	DeleteSnapshot(context.Context, *ec2.DeleteSnapshotInput, ...func(*ec2.Options)) (*ec2.DeleteSnapshotOutput, error)
}

// Snapshots keeps the snapshots of one kind. It is safe for concurrent use.
type Snapshots struct {
	// Client returns the calls for a scope and purpose.
	Client func(context.Context, resource.Scope, resource.Purpose) (API, error)
	// Service is the one whose ARNs the kind's resources have. Snapshots made of another
	// service's resources are not listed.
	Service string
	// Keys names the keys of encrypted snapshots.
	Keys *kmskeys.Names
}

// CopyPath is the documented way of a snapshot into another region of another account.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
const CopyPath = driver.RegionFirst
