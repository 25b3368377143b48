package rdscluster

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/failure"
	"holdfast/resource"
)

// Settings is what a cluster's Resource.Settings holds. Names of groups are of the
// cluster's own account and region.
type Settings struct {
	Engine              string   `json:"engine"`
	EngineVersion       string   `json:"engine_version"`
	EngineMode          string   `json:"engine_mode,omitempty"`
	StorageType         string   `json:"storage_type,omitempty"`
	Encrypted           bool     `json:"encrypted"`
	KMSKeyID            string   `json:"kms_key_id,omitempty"`
	SubnetGroup         string   `json:"subnet_group,omitempty"`
	SecurityGroups      []string `json:"security_groups,omitempty"`
	ParameterGroup      string   `json:"parameter_group,omitempty"`
	Port                int32    `json:"port,omitempty"`
	NetworkType         string   `json:"network_type,omitempty"`
	IAMAuth             bool     `json:"iam_auth"`
	LogExports          []string `json:"log_exports,omitempty"`
	DeletionProtection  bool     `json:"deletion_protection"`
	CopyTagsToSnapshot  bool     `json:"copy_tags_to_snapshot"`
	BackupRetentionDays int32    `json:"backup_retention_days"`
	BacktrackSeconds    int64    `json:"backtrack_seconds,omitempty"`
	// MinACU and MaxACU bound Serverless v2 instances, in capacity units.
	MinACU float64 `json:"serverless_min_acu,omitempty"`
	MaxACU float64 `json:"serverless_max_acu,omitempty"`
	// GlobalCluster and RoleARNs are recorded to be read; a restore sets neither.
	GlobalCluster string   `json:"global_cluster,omitempty"`
	RoleARNs      []string `json:"role_arns,omitempty"`
	// Instances has the writer first, then the readers by promotion tier.
	Instances []Instance `json:"instances,omitempty"`
}

// Instance is one recorded instance of a cluster.
type Instance struct {
	ID                  string `json:"id"`
	Class               string `json:"class"`
	Zone                string `json:"zone,omitempty"`
	Tier                int32  `json:"tier"` // of promotion, 0 to 15
	Writer              bool   `json:"writer,omitempty"`
	ParameterGroup      string `json:"parameter_group,omitempty"`
	PubliclyAccessible  bool   `json:"publicly_accessible,omitempty"`
	CACertificate       string `json:"ca_certificate,omitempty"`
	MonitoringSeconds   int32  `json:"monitoring_seconds,omitempty"`
	MonitoringRoleARN   string `json:"monitoring_role_arn,omitempty"`
	PerformanceInsights bool   `json:"performance_insights,omitempty"`
	PerformanceDays     int32  `json:"performance_insights_days,omitempty"`
	PerformanceKMSKeyID string `json:"performance_insights_kms_key_id,omitempty"`
}

func settingsOf(c *types.DBCluster, instances []types.DBInstance) Settings {
	s := Settings{
		Engine: aws.ToString(c.Engine), EngineVersion: aws.ToString(c.EngineVersion), EngineMode: aws.ToString(c.EngineMode),
		StorageType: aws.ToString(c.StorageType), Encrypted: aws.ToBool(c.StorageEncrypted), KMSKeyID: aws.ToString(c.KmsKeyId),
		SubnetGroup: aws.ToString(c.DBSubnetGroup), ParameterGroup: aws.ToString(c.DBClusterParameterGroup),
		Port: aws.ToInt32(c.Port), NetworkType: aws.ToString(c.NetworkType),
		IAMAuth: aws.ToBool(c.IAMDatabaseAuthenticationEnabled), LogExports: c.EnabledCloudwatchLogsExports,
		DeletionProtection: aws.ToBool(c.DeletionProtection), CopyTagsToSnapshot: aws.ToBool(c.CopyTagsToSnapshot),
		BackupRetentionDays: aws.ToInt32(c.BackupRetentionPeriod), BacktrackSeconds: aws.ToInt64(c.BacktrackWindow),
		GlobalCluster: aws.ToString(c.GlobalClusterIdentifier),
	}
	for _, group := range c.VpcSecurityGroups {
		s.SecurityGroups = append(s.SecurityGroups, aws.ToString(group.VpcSecurityGroupId))
	}
	for _, role := range c.AssociatedRoles {
		s.RoleARNs = append(s.RoleARNs, aws.ToString(role.RoleArn))
	}
	if scaling := c.ServerlessV2ScalingConfiguration; scaling != nil {
		s.MinACU, s.MaxACU = aws.ToFloat64(scaling.MinCapacity), aws.ToFloat64(scaling.MaxCapacity)
	}
	for i := range instances {
		s.Instances = append(s.Instances, instanceOf(c, &instances[i]))
	}
	slices.SortStableFunc(s.Instances, func(a, b Instance) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()), cmp.Compare(a.ID, b.ID))
	})
	return s
}

// order puts the writer before the readers, and these by promotion tier.
func (i Instance) order() int32 {
	if i.Writer {
		return -1
	}
	return i.Tier
}

func instanceOf(c *types.DBCluster, in *types.DBInstance) Instance {
	out := Instance{
		ID: aws.ToString(in.DBInstanceIdentifier), Class: aws.ToString(in.DBInstanceClass), Zone: aws.ToString(in.AvailabilityZone),
		Tier: aws.ToInt32(in.PromotionTier), PubliclyAccessible: aws.ToBool(in.PubliclyAccessible),
		CACertificate: aws.ToString(in.CACertificateIdentifier), MonitoringSeconds: aws.ToInt32(in.MonitoringInterval),
		MonitoringRoleARN: aws.ToString(in.MonitoringRoleArn), PerformanceInsights: aws.ToBool(in.PerformanceInsightsEnabled),
		PerformanceDays: aws.ToInt32(in.PerformanceInsightsRetentionPeriod), PerformanceKMSKeyID: aws.ToString(in.PerformanceInsightsKMSKeyId),
	}
	if len(in.DBParameterGroups) > 0 {
		out.ParameterGroup = aws.ToString(in.DBParameterGroups[0].DBParameterGroupName)
	}
	for _, member := range c.DBClusterMembers {
		if aws.ToString(member.DBInstanceIdentifier) == out.ID {
			out.Writer = aws.ToBool(member.IsClusterWriter)
			out.Tier = cmp.Or(out.Tier, aws.ToInt32(member.PromotionTier))
		}
	}
	return out
}

// readSettings reads what Discover recorded.
func readSettings(r resource.Resource) (s Settings, err error) {
	if len(r.Settings) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(r.Settings, &s); err != nil {
		return s, failure.Errorf(failure.Internal, "read recorded settings of %s: %w", r.ARN, err)
	}
	return s, nil
}
