package neptune

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/neptune"

	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/rdscluster"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// New returns the driver of Neptune clusters. It takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *rdscluster.Driver { return rdscluster.New(kind(), sessions) }

// NewAWSBackup returns the driver of Neptune clusters through AWS Backup.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	return rdscluster.NewAWSBackup(kind(), "Neptune", sessions, o)
}

func kind() rdscluster.Kind {
	return rdscluster.Kind{
		Kind: resource.Neptune, Title: "Neptune cluster", Engines: []string{"neptune"}, Bare: true, TagCopyLater: true,
		Without: []string{
			"network_type", "backtrack_seconds", "ca_certificate", "monitoring_seconds", "monitoring_role_arn",
			"performance_insights", "performance_insights_days", "performance_insights_kms_key_id",
		},
		Copies: "https://docs.aws.amazon.com/neptune/latest/userguide/backup-restore-copy-snapshot.html",
		Emulated: []conformance.Ability{
			conformance.CanDiscover, conformance.CanBackUp, conformance.CanCopyRegion, conformance.CanRestore, conformance.CanExpire,
			conformance.SurvivesCrash, conformance.TellsErrors, conformance.Looks,
		},
		Client: func(cfg aws.Config) rdscluster.API { return client{neptune.NewFromConfig(cfg)} },
	}
}
