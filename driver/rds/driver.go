package rds

import (
	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// lookMax keeps a Look to one page: filter values and page are both 100 at most.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html
const lookMax = 100

// Driver is the driver of RDS DB instances. It is safe for concurrent use.
type Driver struct {
	clients *clients.Pool[api]
}

var (
	_ driver.Driver   = (*Driver)(nil)
	_ driver.Copier   = (*Driver)(nil)
	_ driver.Restorer = (*Driver)(nil)
)

// New returns a driver that takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *Driver {
	return &Driver{clients: newClients(sessions)}
}

// Descriptor returns the facts about DB instances and their snapshots. Settle is empty:
// identifiers are unique, so a call repeated too early is refused and adopts.
func (*Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: resource.RDS, Title: "RDS DB instance",
		ARNPattern: "arn:*:rds:*:*:db:*",
		CopyRegion: true,
		LookMax:    lookMax,
		Actions:    actions(),
		Quotas: []driver.Quota{{
			Operation: driver.Copy, Limit: 20,
			Source: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html",
		}},
		Restore: restoreParameters(),
	}
}

// actions repeats the describe calls for every purpose whose calls may find their
// identifier taken and must look at what took it.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
func actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: {"rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "rds:ListTagsForResource"},
		resource.ForBackup:   {"rds:AddTagsToResource", "rds:CreateDBSnapshot", "rds:DescribeDBSnapshots", "rds:ListTagsForResource"},
		resource.ForCopy: {
			"kms:CreateGrant", "kms:DescribeKey", "rds:AddTagsToResource", "rds:CopyDBSnapshot",
			"rds:DescribeDBSnapshots", "rds:ListTagsForResource",
		},
		resource.ForRestore: {
			"ec2:DescribeAccountAttributes", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
			"iam:PassRole", "kms:CreateGrant", "kms:DescribeKey", "rds:AddTagsToResource",
			"rds:DescribeDBInstances", "rds:ListTagsForResource", "rds:ModifyDBInstance",
			"rds:RestoreDBInstanceFromDBSnapshot",
		},
		resource.ForExpire: {"rds:DeleteDBSnapshot", "rds:DescribeDBSnapshots", "rds:ListTagsForResource"},
	}
}
