package ebs

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

// Driver is the driver of EBS volumes. It is safe for concurrent use.
type Driver struct {
	*ebssnap.Snapshots
	clients *clients.Pool[api]
}

var (
	_ driver.Driver       = (*Driver)(nil)
	_ driver.Copier       = (*Driver)(nil)
	_ driver.CopyFinisher = (*Driver)(nil)
	_ driver.ColdMover    = (*Driver)(nil)
	_ driver.Part         = (*Driver)(nil)
	_ driver.Restorer     = (*Driver)(nil)
)

// New returns a driver that takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *Driver {
	d := &Driver{clients: newClients(sessions)}
	d.Snapshots = &ebssnap.Snapshots{
		Service: "ec2", Keys: kmskeys.New(sessions, "ebs"),
		Client: func(ctx context.Context, scope resource.Scope, purpose resource.Purpose) (ebssnap.API, error) {
			return d.clients.Get(ctx, scope, purpose)
		},
	}
	return d
}

// Descriptor returns the facts about EBS volumes and their snapshots.
func (*Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: resource.EBS, Title: "EBS volume",
		ARNPattern: "arn:*:ec2:*:*:volume/*",
		CopyRegion: true, CopyAccount: true, CopyPath: ebssnap.CopyPath, CustomerKeyAbroad: true,
		ColdStorage: true, Archive: true,
		LookMax:    ebssnap.LookMax,
		Settle:     map[driver.Operation]time.Duration{driver.Backup: ec2calls.Settle, driver.Copy: ec2calls.Settle},
		Repeatable: map[driver.Operation]time.Duration{driver.Restore: ec2calls.TokenKnown},
		Actions:    actions(),
		Unseen: map[string]string{
			"ec2:AttachVolume": "only a restore told to attach the volume calls it", "ec2:DescribeVolumes": "only a restore told to attach the volume calls it",
		},
		Quotas: []driver.Quota{{
			Operation: driver.Copy, Limit: 20,
			Source: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html",
		}, ebssnap.ArchiveQuota},
		Restore: append(restoreParameters(), ebssnap.ThawParameter),
	}
}

// actions has read-only calls under discover alone: looking and finding use that role
// whatever the job is. Copies and restores of encrypted snapshots act on keys as the
// caller. Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
func actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: {ebssnap.SeeTier, "ec2:DescribeSnapshots", "ec2:DescribeVolumes", kmskeys.Action},
		resource.ForBackup:   {"ec2:CreateSnapshot", "ec2:CreateTags"},
		resource.ForCopy: {
			"ec2:CopySnapshot", "ec2:CreateTags", "ec2:ModifySnapshotAttribute", "kms:CreateGrant", "kms:Decrypt",
			"kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
		},
		resource.ForRestore: {
			"ec2:AttachVolume", "ec2:CreateTags", "ec2:CreateVolume", ebssnap.SeeTier, "ec2:DescribeVolumes", ebssnap.RestoreTier,
			"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
		},
		resource.ForExpire: {"ec2:DeleteSnapshot", ebssnap.SeeTier, "ec2:DescribeSnapshots", ebssnap.ModifyTier},
	}
}
