package docdb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/docdb"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/rdscluster"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// New returns the driver of DocumentDB clusters. It takes its AWS configurations from
// sessions.
func New(sessions awssession.Provider) *rdscluster.Driver { return rdscluster.New(kind(), sessions) }

// NewAWSBackup returns the driver of DocumentDB clusters through AWS Backup.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	return rdscluster.NewAWSBackup(kind(), "DocumentDB", sessions, o)
}

func kind() rdscluster.Kind {
	return rdscluster.Kind{
		Kind: resource.DocDB, Title: "DocumentDB cluster", Engines: []string{"docdb"}, Bare: true,
		Path: driver.AccountFirst,
		Without: []string{
			"iam_auth", "copy_tags_to_snapshot", "backtrack_seconds", "publicly_accessible",
			"monitoring_seconds", "monitoring_role_arn", "performance_insights_days", rdscluster.InstanceGroups,
		},
		Copies:   "https://docs.aws.amazon.com/documentdb/latest/developerguide/backup_restore-copy_cluster_snapshot.html",
		Emulated: []conformance.Ability{conformance.CanDiscover},
		Client:   func(cfg aws.Config) rdscluster.API { return client{docdb.NewFromConfig(cfg)} },
	}
}
