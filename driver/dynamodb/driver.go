package dynamodb

import (
	"time"

	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// lookMax is ten pages of ListBackups, which has a region's backups and takes no ids.
const lookMax = 1000

// settle is how long ListBackups may miss a new backup. AWS gives no figure.
const settle = 120 * time.Second

// Driver is the driver of DynamoDB tables. It is safe for concurrent use.
type Driver struct {
	clients *clients.Pool[api]
}

var (
	_ driver.Driver   = (*Driver)(nil)
	_ driver.Restorer = (*Driver)(nil)
)

// New returns a driver that takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *Driver {
	return &Driver{clients: newClients(sessions)}
}

// Descriptor returns the facts about DynamoDB tables and their backups.
func (*Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: resource.DynamoDB, Title: "DynamoDB table",
		ARNPattern:  "arn:*:dynamodb:*:*:table/*",
		PointInTime: true, RestoreRegion: true,
		LookMax: lookMax,
		Settle:  map[driver.Operation]time.Duration{driver.Backup: settle},
		Actions: actions(), Unseen: unseen(),
		Quotas: []driver.Quota{{
			Operation: driver.Restore, Limit: 50,
			Source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
		}},
		Restore: restoreParameters(),
	}
}

// actions gives a restore the item actions too: AWS writes the new table's items as the
// caller. Source:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html
func actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: {
			"dynamodb:DescribeBackup", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable",
			"dynamodb:DescribeTimeToLive", "dynamodb:ListBackups", "dynamodb:ListTables", "dynamodb:ListTagsOfResource",
		},
		resource.ForBackup: {"dynamodb:CreateBackup"},
		resource.ForRestore: {
			"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:DescribeContinuousBackups",
			"dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:GetItem", "dynamodb:ListTagsOfResource",
			"dynamodb:PutItem", "dynamodb:Query", "dynamodb:RestoreTableFromBackup", "dynamodb:RestoreTableToPointInTime", "dynamodb:Scan",
			"dynamodb:TagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateItem", "dynamodb:UpdateTable",
			"dynamodb:UpdateTimeToLive", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey",
		},
		resource.ForExpire: {"dynamodb:DeleteBackup", "dynamodb:DescribeBackup"},
	}
}

// unseen has the item actions, and what only some tables need of a restore.
func unseen() map[string]string {
	all := map[string]string{"dynamodb:UpdateTable": streams}
	for _, action := range []string{"BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"} {
		all["dynamodb:"+action] = "AWS writes the items as the caller: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html"
	}
	return all
}

const streams = "only a table with a stream, a class or deletion protection of its own gets them so"
