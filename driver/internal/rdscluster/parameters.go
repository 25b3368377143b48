package rdscluster

import (
	"slices"
	"strconv"
	"strings"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
)

// parameters lists what a restore takes: what RDS's API knows, less what the service lacks.
func (d *Driver) parameters() []driver.Parameter {
	all := []driver.Parameter{
		{Name: "cluster_identifier", Description: "the new cluster's identifier; else the source's with -restored- and six characters"},
		{Name: "engine", Recorded: true, Required: true, Description: "one of " + strings.Join(d.kind.Engines, ", ")},
		{Name: "engine_version", Recorded: true, Description: "the engine's version; the snapshot's or a later one"},
		{Name: "subnet_group", Recorded: true, Description: "the DB subnet group, which decides the VPC"},
		{Name: "security_groups", Recorded: true, Description: "ids of VPC security groups, comma-separated"},
		{Name: "parameter_group", Recorded: true, Description: "the DB cluster parameter group"},
		{Name: "port", Recorded: true, Description: "the port it listens on"},
		{Name: "network_type", Recorded: true, Description: "IPV4 or DUAL"},
		{Name: "kms_key_id", Description: "the key that encrypts the cluster, if not the snapshot's"},
		{Name: "storage_type", Recorded: true, Description: "the storage configuration, e.g. aurora-iopt1 or iopt1"},
		{Name: "iam_auth", Recorded: true, Description: "true for IAM database authentication"},
		{Name: "log_exports", Recorded: true, Description: "logs sent to CloudWatch, comma-separated"},
		{Name: "deletion_protection", Recorded: true, Description: "true to refuse deletion"},
		{Name: "copy_tags_to_snapshot", Recorded: true, Description: "true to copy tags to its snapshots"},
		{Name: "backup_retention_days", Recorded: true, Description: "days automated backups are kept, 1 or more"},
		{Name: "backtrack_seconds", Recorded: true, Description: "how far the cluster can be backtracked, 0 for not"},
		{Name: "serverless_min_acu", Recorded: true, Description: "the least capacity of serverless instances"},
		{Name: "serverless_max_acu", Recorded: true, Description: "the most capacity of serverless instances"},
		{Name: "instances", Recorded: true, Description: "the writer and then the readers, comma-separated, each CLASS[:ZONE[:TIER[:PARAMETER_GROUP]]]; none for a cluster without"},
		{Name: "instance_class", Description: "the class of every instance, instead of those in instances"},
		{Name: "publicly_accessible", Recorded: true, Description: "true for public addresses of the instances"},
		{Name: "ca_certificate", Recorded: true, Description: "the identifier of the instances' CA certificate"},
		{Name: "monitoring_seconds", Recorded: true, Description: "interval of the instances' enhanced monitoring, 0 for none"},
		{Name: "monitoring_role_arn", Recorded: true, Description: "the role of enhanced monitoring"},
		{Name: "performance_insights", Recorded: true, Description: "true to switch Performance Insights on"},
		{Name: "performance_insights_days", Recorded: true, Description: "days Performance Insights are kept"},
		{Name: "performance_insights_kms_key_id", Recorded: true, Description: "the key of Performance Insights"},
	}
	return slices.DeleteFunc(all, func(p driver.Parameter) bool {
		return slices.Contains(d.kind.Without, p.Name) || p.Name == "engine" && len(d.kind.Engines) == 1
	})
}

// Recorded values of these name something of the source's own region and account.
var (
	localGroups = []string{"subnet_group", "security_groups", "parameter_group"}
	localOthers = []string{"monitoring_role_arn", "performance_insights_kms_key_id"}
)

// maxIdentifierChar is the longest identifier of a cluster or instance, room what the
// instances of a cluster append to its.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html
const (
	maxIdentifierChar = 63
	room              = len("-16")
)

// resolve merges recorded settings and overrides.
func (d *Driver) resolve(req driver.RestoreRequest) (*parameters.Values, error) {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil, err
	}
	values := parameters.Resolve(d.Descriptor(), settings.recorded(elsewhere(req)), req.Overrides)
	d.fit(req, values)
	if !req.At.IsZero() {
		checkMomentParameters(req, settings, values)
	}
	return values, nil
}

func elsewhere(req driver.RestoreRequest) bool {
	return req.Scope.Region != req.Resource.Region || req.Scope.Account != req.Resource.Account
}

// fit drops what means nothing where the restore goes, and names the cluster.
func (d *Driver) fit(req driver.RestoreRequest, values *parameters.Values) {
	if elsewhere(req) {
		values.DropLocal(localGroups, localOthers)
		if values.Text("monitoring_role_arn") == "" && !values.Given("monitoring_seconds") {
			values.Drop("monitoring_seconds")
		}
	}
	values.OneOf("engine", d.kind.Engines...)
	if id, err := clusterID(req.Resource); err == nil {
		values.Default("cluster_identifier", rdssnap.RestoredID(id, req.Mark, maxIdentifierChar-room))
	} else if !values.Given("cluster_identifier") {
		values.Problem("cluster_identifier is missing: the source's is not recorded")
	}
}

// checkMomentParameters checks what a restore of a moment can be told. It takes the version
// of the source; instances are still made of the engine.
func checkMomentParameters(req driver.RestoreRequest, settings Settings, values *parameters.Values) {
	values.Moment(req, settings.BackupRetentionDays)
	if values.Given("engine_version") {
		values.Problem("engine_version does not go with a moment: such a cluster has the version of its source")
	}
	values.Drop("engine_version")
}

// recorded turns settings into parameters. Of instances elsewhere, zones and parameter
// groups mean nothing.
func (s Settings) recorded(elsewhere bool) map[string]string {
	if s.Engine == "" {
		return nil // nothing was recorded, so no boolean is either
	}
	values := map[string]string{
		"engine": s.Engine, "engine_version": s.EngineVersion, "subnet_group": s.SubnetGroup,
		"security_groups": strings.Join(s.SecurityGroups, ","), "parameter_group": rdssnap.ChosenGroup(s.ParameterGroup),
		"port": positive(s.Port), "network_type": s.NetworkType, "storage_type": s.StorageType,
		"log_exports":           strings.Join(s.LogExports, ","),
		"deletion_protection":   strconv.FormatBool(s.DeletionProtection),
		"copy_tags_to_snapshot": strconv.FormatBool(s.CopyTagsToSnapshot),
		"backup_retention_days": positive(s.BackupRetentionDays),
		"serverless_min_acu":    units(s.MinACU), "serverless_max_acu": units(s.MaxACU),
		"instances": none,
	}
	if s.BacktrackSeconds > 0 {
		values["backtrack_seconds"] = strconv.FormatInt(s.BacktrackSeconds, 10)
	}
	if s.IAMAuth { // some engines refuse to be told either way
		values["iam_auth"] = "true"
	}
	if len(s.Instances) > 0 {
		values["instances"] = formatInstances(s.Instances, elsewhere)
		s.Instances[0].recordInto(values)
	}
	return values
}

// recordInto adds what all instances are given like the writer.
func (i Instance) recordInto(values map[string]string) {
	if i.PubliclyAccessible { // Aurora alone takes it
		values["publicly_accessible"] = "true"
	}
	values["ca_certificate"] = i.CACertificate
	values["monitoring_seconds"], values["monitoring_role_arn"] = positive(i.MonitoringSeconds), i.MonitoringRoleARN
	if i.PerformanceInsights {
		values["performance_insights"] = "true"
		values["performance_insights_days"] = positive(i.PerformanceDays)
		values["performance_insights_kms_key_id"] = i.PerformanceKMSKeyID
	}
}

func positive(n int32) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

func units(n float64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}
