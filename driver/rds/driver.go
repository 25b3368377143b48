package rds

import (
	"context"

	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/kmskeys"
	"holdfast/driver/internal/rdssnap"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// Driver is the driver of RDS DB instances. It is safe for concurrent use.
type Driver struct {
	*rdssnap.Snapshots
	clients *clients.Pool[api]
}

var (
	_ driver.Driver       = (*Driver)(nil)
	_ driver.Copier       = (*Driver)(nil)
	_ driver.CopyFinisher = (*Driver)(nil)
	_ driver.Restorer     = (*Driver)(nil)
)

// New returns a driver that takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *Driver {
	d := &Driver{clients: newClients(sessions)}
	d.Snapshots = &rdssnap.Snapshots{
		Noun: "DB snapshot", Taken: "DBSnapshotAlreadyExists", SourceID: instanceID, OptionGroup: optionGroup,
		Keys: kmskeys.New(sessions, "rds"),
		Client: func(ctx context.Context, scope resource.Scope, purpose resource.Purpose) (rdssnap.API, error) {
			client, err := d.clients.Get(ctx, scope, purpose)
			return snapshots{client}, err
		},
	}
	return d
}

// Descriptor returns the facts about DB instances and their snapshots. Settle is empty:
// identifiers are unique, so a call repeated too early is refused and adopts.
func (*Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: resource.RDS, Title: "RDS DB instance",
		ARNPattern: "arn:*:rds:*:*:db:*",
		CopyRegion: true, CopyAccount: true, CustomerKeyAbroad: true, PointInTime: true,
		LookMax: rdssnap.PageSize,
		Actions: actions(),
		Unseen: map[string]string{
			"rds:ListTagsForResource": "asked where a listing shows no tags",
			"iam:PassRole":            "a restore with a monitoring role or roles of features passes them",
			"rds:ModifyDBInstance":    "only what a restore cannot set at once is set so",
		},
		Quotas: []driver.Quota{{
			Operation: driver.Copy, Limit: 20,
			Source: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html",
		}},
		Restore: restoreParameters(),
	}
}

// optionGroup names the option group a copy elsewhere needs: AWS wants one of the
// destination wherever the instance has another than the default, and a TDE option can go
// nowhere without it. One of the same name is expected there.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html#USER_CopySnapshot.Options
func optionGroup(r resource.Resource) (string, error) {
	settings, err := readSettings(r)
	return rdssnap.ChosenGroup(settings.OptionGroup), err
}

// actions repeats the describe calls for every purpose whose calls may find their
// identifier taken and must look at what took it.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
func actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: {kmskeys.Action, "rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "rds:ListTagsForResource"},
		resource.ForBackup:   {"rds:AddTagsToResource", "rds:CreateDBSnapshot", "rds:DescribeDBSnapshots", "rds:ListTagsForResource"},
		resource.ForCopy: {
			"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*",
			"rds:AddTagsToResource", "rds:CopyDBSnapshot", "rds:DescribeDBSnapshots", "rds:ListTagsForResource",
			"rds:ModifyDBSnapshotAttribute",
		},
		resource.ForRestore: {
			"ec2:DescribeAccountAttributes", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
			"iam:PassRole", "kms:CreateGrant", "kms:DescribeKey", "rds:AddTagsToResource",
			"rds:DescribeDBInstances", "rds:ListTagsForResource", "rds:ModifyDBInstance",
			"rds:RestoreDBInstanceFromDBSnapshot", "rds:RestoreDBInstanceToPointInTime",
		},
		resource.ForExpire: {"rds:DeleteDBSnapshot", "rds:DescribeDBSnapshots", "rds:ListTagsForResource"},
	}
}
