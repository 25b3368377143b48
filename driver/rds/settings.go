package rds

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/failure"
	"holdfast/resource"
)

// Settings is what an instance's Resource.Settings holds. Names of groups are of the
// instance's own account and region.
type Settings struct {
	Engine              string   `json:"engine"`
	EngineVersion       string   `json:"engine_version"`
	InstanceClass       string   `json:"instance_class"`
	AllocatedGiB        int32    `json:"allocated_gib"`
	MaxAllocatedGiB     int32    `json:"max_allocated_gib,omitempty"` // storage autoscaling's limit
	StorageType         string   `json:"storage_type,omitempty"`
	IOPS                int32    `json:"iops,omitempty"`
	StorageThroughput   int32    `json:"storage_throughput,omitempty"` // MiB per second
	Encrypted           bool     `json:"encrypted"`
	KMSKeyID            string   `json:"kms_key_id,omitempty"`
	SubnetGroup         string   `json:"subnet_group,omitempty"`
	SecurityGroups      []string `json:"security_groups,omitempty"`
	ParameterGroup      string   `json:"parameter_group,omitempty"`
	OptionGroup         string   `json:"option_group,omitempty"`
	AvailabilityZone    string   `json:"availability_zone,omitempty"`
	MultiAZ             bool     `json:"multi_az"`
	PubliclyAccessible  bool     `json:"publicly_accessible"`
	Port                int32    `json:"port,omitempty"`
	IAMAuth             bool     `json:"iam_auth"`
	LogExports          []string `json:"log_exports,omitempty"`
	DeletionProtection  bool     `json:"deletion_protection"`
	CopyTagsToSnapshot  bool     `json:"copy_tags_to_snapshot"`
	BackupRetentionDays int32    `json:"backup_retention_days"`
	CACertificate       string   `json:"ca_certificate,omitempty"`
	MonitoringSeconds   int32    `json:"monitoring_seconds,omitempty"`
	MonitoringRoleARN   string   `json:"monitoring_role_arn,omitempty"`
	PerformanceInsights bool     `json:"performance_insights,omitempty"`
	PerformanceDays     int32    `json:"performance_insights_days,omitempty"`
	PerformanceKMSKeyID string   `json:"performance_insights_kms_key_id,omitempty"`
	MasterSecretManaged bool     `json:"master_secret_managed,omitempty"` // by Secrets Manager; not the secret
}

func settingsOf(in *types.DBInstance) Settings {
	s := Settings{
		Engine: aws.ToString(in.Engine), EngineVersion: aws.ToString(in.EngineVersion),
		InstanceClass: aws.ToString(in.DBInstanceClass), AllocatedGiB: aws.ToInt32(in.AllocatedStorage),
		MaxAllocatedGiB: aws.ToInt32(in.MaxAllocatedStorage),
		StorageType:     aws.ToString(in.StorageType), IOPS: aws.ToInt32(in.Iops),
		StorageThroughput: aws.ToInt32(in.StorageThroughput),
		Encrypted:         aws.ToBool(in.StorageEncrypted), KMSKeyID: aws.ToString(in.KmsKeyId),
		AvailabilityZone: aws.ToString(in.AvailabilityZone), MultiAZ: aws.ToBool(in.MultiAZ),
		PubliclyAccessible: aws.ToBool(in.PubliclyAccessible),
		IAMAuth:            aws.ToBool(in.IAMDatabaseAuthenticationEnabled), LogExports: in.EnabledCloudwatchLogsExports,
		DeletionProtection: aws.ToBool(in.DeletionProtection), CopyTagsToSnapshot: aws.ToBool(in.CopyTagsToSnapshot),
		BackupRetentionDays: aws.ToInt32(in.BackupRetentionPeriod), CACertificate: aws.ToString(in.CACertificateIdentifier),
		MonitoringSeconds: aws.ToInt32(in.MonitoringInterval), MonitoringRoleARN: aws.ToString(in.MonitoringRoleArn),
		PerformanceInsights: aws.ToBool(in.PerformanceInsightsEnabled),
		PerformanceDays:     aws.ToInt32(in.PerformanceInsightsRetentionPeriod),
		PerformanceKMSKeyID: aws.ToString(in.PerformanceInsightsKMSKeyId),
		MasterSecretManaged: in.MasterUserSecret != nil,
	}
	s.addNetwork(in)
	return s
}

// addNetwork adds what AWS nests: groups and the port.
func (s *Settings) addNetwork(in *types.DBInstance) {
	if in.DBSubnetGroup != nil {
		s.SubnetGroup = aws.ToString(in.DBSubnetGroup.DBSubnetGroupName)
	}
	for _, group := range in.VpcSecurityGroups {
		s.SecurityGroups = append(s.SecurityGroups, aws.ToString(group.VpcSecurityGroupId))
	}
	if len(in.DBParameterGroups) > 0 {
		s.ParameterGroup = aws.ToString(in.DBParameterGroups[0].DBParameterGroupName)
	}
	if len(in.OptionGroupMemberships) > 0 {
		s.OptionGroup = aws.ToString(in.OptionGroupMemberships[0].OptionGroupName)
	}
	if in.Endpoint != nil {
		s.Port = aws.ToInt32(in.Endpoint.Port)
	}
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
