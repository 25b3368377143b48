package aurora

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/rdscluster"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// Multi-AZ DB clusters have the engines of DB instances.
var multiAZ = []string{"mysql", "postgres"}

// New returns the driver of Aurora clusters. It takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *rdscluster.Driver { return rdscluster.New(kind(), sessions) }

// NewAWSBackup returns the driver of Aurora clusters through AWS Backup.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	return rdscluster.NewAWSBackup(kind(), "Aurora", sessions, o)
}

func kind() rdscluster.Kind {
	return rdscluster.Kind{
		Kind: resource.Aurora, Title: "Aurora cluster",
		Engines: []string{"aurora-mysql", "aurora-postgresql"}, Others: multiAZ,
		Unsupported: unsupported,
		Copies:      "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-copy-snapshot.html",
		Emulated: []conformance.Ability{
			conformance.CanDiscover, conformance.CanBackUp, conformance.CanCopyRegion, conformance.CanRestore, conformance.CanExpire,
			conformance.SurvivesCrash, conformance.TellsErrors, conformance.Looks,
		},
		Client: func(cfg aws.Config) rdscluster.API { return rds.NewFromConfig(cfg) },
	}
}

// unsupported says why a listed cluster cannot be backed up as an Aurora cluster.
func unsupported(c *types.DBCluster) string {
	switch {
	case slices.Contains(multiAZ, aws.ToString(c.Engine)):
		return "a Multi-AZ DB cluster, whose snapshots AWS can neither copy nor share: use AWS Backup"
	case c.ClusterScalabilityType == types.ClusterScalabilityTypeLimitless:
		return "an Aurora Limitless Database, whose shards a restore from a snapshot would lack: use AWS Backup"
	default:
		return ""
	}
}
