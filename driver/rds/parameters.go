package rds

import (
	"strconv"
	"strings"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
	"holdfast/resource"
)

func restoreParameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "instance_identifier", Description: "the new instance's identifier; else the source's with -restored- and six characters"},
		{Name: "instance_class", Recorded: true, Description: "e.g. db.r6g.large"},
		{Name: "subnet_group", Recorded: true, Description: "the DB subnet group, which decides the VPC"},
		{Name: "security_groups", Recorded: true, Description: "ids of VPC security groups, comma-separated"},
		{Name: "parameter_group", Recorded: true, Description: "the DB parameter group"},
		{Name: "option_group", Recorded: true, Description: "the option group"},
		{Name: "availability_zone", Recorded: true, Description: "the zone, unless multi_az"},
		{Name: "multi_az", Recorded: true, Description: "true for a standby in another zone"},
		{Name: "publicly_accessible", Recorded: true, Description: "true for a public address"},
		{Name: "port", Recorded: true, Description: "the port it listens on"},
		{Name: "storage_type", Recorded: true, Description: "gp3, gp2, io2, io1 or standard"},
		{Name: "allocated_gib", Description: "size in GiB if more than the snapshot's"},
		{Name: "iops", Recorded: true, Description: "provisioned I/O operations per second"},
		{Name: "storage_throughput", Recorded: true, Description: "MiB per second, for gp3"},
		{Name: "max_allocated_gib", Recorded: true, Description: "the limit of storage autoscaling in GiB"},
		{Name: "iam_auth", Recorded: true, Description: "true for IAM database authentication"},
		{Name: "log_exports", Recorded: true, Description: "logs sent to CloudWatch, comma-separated"},
		{Name: "deletion_protection", Recorded: true, Description: "true to refuse deletion"},
		{Name: "copy_tags_to_snapshot", Recorded: true, Description: "true to copy tags to its snapshots"},
		{Name: "backup_retention_days", Recorded: true, Description: "days automated backups are kept, 0 for none"},
		{Name: "ca_certificate", Recorded: true, Description: "the identifier of the CA certificate"},
		{Name: "monitoring_seconds", Recorded: true, Description: "interval of enhanced monitoring, 0 for none"},
		{Name: "monitoring_role_arn", Recorded: true, Description: "the role of enhanced monitoring"},
		{Name: "performance_insights", Recorded: true, Description: "true to switch Performance Insights on"},
		{Name: "performance_insights_days", Recorded: true, Description: "days Performance Insights are kept"},
		{Name: "performance_insights_kms_key_id", Recorded: true, Description: "the key of Performance Insights"},
	}
}

// Recorded values of these name something of the source's own region and account.
var (
	localGroups = []string{"subnet_group", "security_groups", "parameter_group", "option_group"}
	localOthers = []string{"availability_zone", "monitoring_role_arn", "performance_insights_kms_key_id"}
)

// resolve merges recorded settings and overrides and checks that they go together.
func (d *Driver) resolve(req driver.RestoreRequest) (*parameters.Values, error) {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil, err
	}
	values := parameters.Resolve(d.Descriptor(), settings.recorded(), req.Overrides)
	fit(req, values)
	if !req.At.IsZero() {
		values.Moment(req, settings.BackupRetentionDays)
	}
	return values, nil
}

// fit drops what means nothing where the restore goes, names the instance, and notes what
// does not go together.
func fit(req driver.RestoreRequest, values *parameters.Values) {
	if req.Scope.Region != req.Resource.Region || req.Scope.Account != req.Resource.Account {
		values.DropLocal(localGroups, localOthers)
		if values.Text("monitoring_role_arn") == "" && !values.Given("monitoring_seconds") {
			values.Drop("monitoring_seconds")
		}
	}
	if id, err := instanceID(req.Resource); err == nil {
		values.Default("instance_identifier", rdssnap.RestoredID(id, req.Mark, maxIdentifierChar))
	} else if !values.Given("instance_identifier") {
		values.Problem("instance_identifier is missing: the source's is not recorded")
	}
	checkZone(values)
}

// checkZone lets multi_az win over a recorded zone and refuses both when both are given.
func checkZone(values *parameters.Values) {
	multi := values.Bool("multi_az")
	if multi == nil || !*multi || values.Text("availability_zone") == "" {
		return
	}
	if values.Given("availability_zone") {
		values.Problem("availability_zone does not go with multi_az true")
	}
	values.Drop("availability_zone")
}

// maxIdentifierChar is the longest DB instance identifier.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
const maxIdentifierChar = 63

// Values gp3 has anyway and that smaller volumes refuse to be told.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
const (
	gp3IOPS       = 3000
	gp3Throughput = 125 // MiB per second
)

// recorded turns settings into parameters.
func (s Settings) recorded() map[string]string {
	if s.InstanceClass == "" {
		return nil // nothing was recorded, so no boolean is either
	}
	values := map[string]string{
		"instance_class": s.InstanceClass, "subnet_group": s.SubnetGroup,
		"security_groups": strings.Join(s.SecurityGroups, ","),
		"parameter_group": rdssnap.ChosenGroup(s.ParameterGroup), "option_group": rdssnap.ChosenGroup(s.OptionGroup),
		"availability_zone": s.AvailabilityZone, "multi_az": strconv.FormatBool(s.MultiAZ),
		"publicly_accessible": strconv.FormatBool(s.PubliclyAccessible), "port": positive(s.Port),
		"storage_type": s.StorageType, "max_allocated_gib": positive(s.MaxAllocatedGiB),
		"log_exports":           strings.Join(s.LogExports, ","),
		"deletion_protection":   strconv.FormatBool(s.DeletionProtection),
		"copy_tags_to_snapshot": strconv.FormatBool(s.CopyTagsToSnapshot),
		"backup_retention_days": strconv.Itoa(int(s.BackupRetentionDays)), "ca_certificate": s.CACertificate,
		"monitoring_seconds": positive(s.MonitoringSeconds), "monitoring_role_arn": s.MonitoringRoleARN,
	}
	if s.StorageType != "gp3" || s.IOPS > gp3IOPS || s.StorageThroughput > gp3Throughput {
		values["iops"], values["storage_throughput"] = positive(s.IOPS), positive(s.StorageThroughput)
	}
	if s.IAMAuth { // some engines refuse to be told either way
		values["iam_auth"] = "true"
	}
	if s.PerformanceInsights {
		values["performance_insights"] = "true"
		values["performance_insights_days"] = positive(s.PerformanceDays)
		values["performance_insights_kms_key_id"] = s.PerformanceKMSKeyID
	}
	return values
}

func positive(n int32) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// MomentDays implements driver.Rewinder.
func (d *Driver) MomentDays(r resource.Resource) int {
	settings, err := readSettings(r)
	if err != nil {
		return 0 // a restore says why
	}
	return int(settings.BackupRetentionDays)
}
