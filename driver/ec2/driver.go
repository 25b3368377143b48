package ec2

import (
	"time"

	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/kmskeys"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// TagPartOf is on the snapshots of an image and the volumes of a restored instance. Its
// value is the name of the mark they belong to.
const TagPartOf = "holdfast:part-of"

// Driver is the driver of EC2 instances. It is safe for concurrent use.
type Driver struct {
	clients *clients.Pool[api]
	names   *kmskeys.Names
}

var (
	_ driver.Driver       = (*Driver)(nil)
	_ driver.Copier       = (*Driver)(nil)
	_ driver.CopyFinisher = (*Driver)(nil)
	_ driver.Restorer     = (*Driver)(nil)
)

// New returns a driver that takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *Driver {
	return &Driver{clients: newClients(sessions), names: kmskeys.New(sessions, "ebs")}
}

// Descriptor returns the facts about instances and their images.
func (*Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: resource.EC2, Title: "EC2 instance",
		ARNPattern: "arn:*:ec2:*:*:instance/*",
		CopyRegion: true, CopyAccount: true, CopyPath: driver.RegionFirst, CustomerKeyAbroad: true,
		LookMax:    ec2calls.MaxFilterValues,
		Settle:     map[driver.Operation]time.Duration{driver.Backup: ec2calls.Settle},
		Repeatable: map[driver.Operation]time.Duration{driver.Copy: ec2calls.TokenKnown, driver.Restore: ec2calls.TokenKnown},
		Actions:    actions(),
		Unseen: map[string]string{
			"ec2:CreateReplaceRootVolumeTask": "only a restore told to replace a root volume calls it",
			"ec2:CreateVolume":                "only a restore told to make volumes and no instance calls it",
		},
		Quotas: []driver.Quota{{
			Operation: driver.Copy, Limit: 300,
			Source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ami-copy-works.html",
		}},
		Restore: nativeParameters(),
	}
}

// actions has read-only calls under discover, and again where a call that changes
// something depends on them. RunInstances passes the instance profile's role, and acts on
// the keys of encrypted snapshots as the caller.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
func actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: {
			"ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeReplaceRootVolumeTasks", "ec2:DescribeSnapshots", "ec2:DescribeVolumes", kmskeys.Action,
		},
		resource.ForBackup: {"ec2:CreateImage", "ec2:CreateTags"},
		resource.ForCopy: {
			"ec2:CopyImage", "ec2:CreateTags", "ec2:DescribeImages", "ec2:DescribeSnapshots",
			"ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey",
			"kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
		},
		resource.ForRestore: {
			"ec2:CreateReplaceRootVolumeTask", "ec2:CreateTags", "ec2:CreateVolume", "ec2:DescribeImages", "ec2:RunInstances", "iam:PassRole", "kms:CreateGrant", "kms:Decrypt",
			"kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
		},
		resource.ForExpire: {"ec2:DeleteSnapshot", "ec2:DeregisterImage", "ec2:DescribeImages", "ec2:DescribeSnapshots"},
	}
}
