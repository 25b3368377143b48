package storagegateway

import (
	"context"
	"time"

	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/kmskeys"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// Driver is the driver of Storage Gateway volumes. It is safe for concurrent use.
type Driver struct {
	*ebssnap.Snapshots
	gateways  *clients.Pool[api]
	computing *clients.Pool[computing]
}

var (
	_ driver.Driver       = (*Driver)(nil)
	_ driver.Copier       = (*Driver)(nil)
	_ driver.CopyFinisher = (*Driver)(nil)
	_ driver.ColdMover    = (*Driver)(nil)
	_ driver.Restorer     = (*Driver)(nil)
)

// New returns a driver that takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *Driver {
	d := &Driver{gateways: newClients(sessions), computing: newComputing(sessions)}
	d.Snapshots = &ebssnap.Snapshots{
		Service: "storagegateway", Keys: kmskeys.New(sessions, "ebs"),
		Client: func(ctx context.Context, scope resource.Scope, purpose resource.Purpose) (ebssnap.API, error) {
			return d.computing.Get(ctx, scope, purpose)
		},
	}
	return d
}

// Descriptor returns the facts about Storage Gateway volumes and their snapshots.
func (*Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: resource.StorageGateway, Title: "Storage Gateway volume",
		ARNPattern: "arn:*:storagegateway:*:*:gateway/*/volume/*",
		CopyRegion: true, CopyAccount: true, CopyPath: ebssnap.CopyPath, CustomerKeyAbroad: true,
		ColdStorage: true, Archive: true,
		LookMax:    ebssnap.LookMax,
		Settle:     map[driver.Operation]time.Duration{driver.Backup: ec2calls.Settle, driver.Copy: ec2calls.Settle},
		Repeatable: map[driver.Operation]time.Duration{driver.Restore: ec2calls.TokenKnown},
		Actions:    actions(), Unseen: unseen(),
		Quotas: []driver.Quota{{
			Operation: driver.Copy, Limit: 20,
			Source: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html",
		}, ebssnap.ArchiveQuota},
		Restore: append(restoreParameters(), ebssnap.ThawParameter),
	}
}

// actions has read-only calls under discover alone, except those by which a restore finds
// that a target of that name is its own. Keys are used as in driver/ebs. Source:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstoragegateway.html
func actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: {
			ebssnap.SeeTier, "ec2:DescribeSnapshots", "ec2:DescribeVolumes", kmskeys.Action,
			"storagegateway:DescribeCachediSCSIVolumes", "storagegateway:DescribeStorediSCSIVolumes",
			"storagegateway:ListGateways", "storagegateway:ListTagsForResource", "storagegateway:ListVolumes",
		},
		resource.ForBackup: {
			"storagegateway:AddTagsToResource", "storagegateway:CreateSnapshot", "storagegateway:CreateSnapshotFromVolumeRecoveryPoint",
		},
		resource.ForCopy: {
			"ec2:CopySnapshot", "ec2:CreateTags", "ec2:ModifySnapshotAttribute", "kms:CreateGrant", "kms:Decrypt",
			"kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
		},
		resource.ForRestore: {
			"ec2:CreateTags", "ec2:CreateVolume", ebssnap.SeeTier, ebssnap.RestoreTier, "kms:CreateGrant", "kms:Decrypt",
			"kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
			"storagegateway:AddTagsToResource", "storagegateway:CreateCachediSCSIVolume", "storagegateway:CreateStorediSCSIVolume",
			"storagegateway:ListTagsForResource", "storagegateway:ListVolumes",
		},
		resource.ForExpire: {"ec2:DeleteSnapshot", ebssnap.SeeTier, "ec2:DescribeSnapshots", ebssnap.ModifyTier},
	}
}

// unseen has what only stored volumes, or restores to another target, need: the checks have
// cached volumes and restore to the like.
func unseen() map[string]string {
	const stored, target, taken = "for stored volumes", "for restores to an EBS volume", "asked where the name of a target is taken"
	return map[string]string{
		"storagegateway:DescribeStorediSCSIVolumes": stored, "storagegateway:CreateStorediSCSIVolume": stored,
		"storagegateway:CreateSnapshotFromVolumeRecoveryPoint": "for cached volumes whose gateway is not connected",
		"ec2:CreateTags": target, "ec2:CreateVolume": target,
		"storagegateway:ListTagsForResource": taken, "storagegateway:ListVolumes": taken,
	}
}
