package fsxlustre

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/fsxbackup"
	"holdfast/driver/internal/parameters"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// New returns the driver of Lustre file systems. It takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *fsxbackup.Driver { return fsxbackup.New(kind(), sessions) }

// NewAWSBackup is New through AWS Backup.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	return fsxbackup.NewAWSBackup(kind(), sessions, o)
}

func kind() fsxbackup.Kind {
	return fsxbackup.Kind{
		Kind: resource.FSxLustre, Title: "FSx for Lustre file system", Type: types.FileSystemTypeLustre, Linked: true,
		Unsupported: unsupported, Parameters: restoreParameters(), Record: record, Configure: configure,
		LocalOthers: []string{"log_destination"},
		Copies:      "https://docs.aws.amazon.com/fsx/latest/LustreGuide/copy-backups.html",
	}
}

// unsupported says why a file system has no backups.
// Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-backups-fsx.html
func unsupported(f *types.FileSystem, linked bool) string {
	lustre := f.LustreConfiguration
	if lustre == nil {
		return ""
	}
	switch {
	case strings.HasPrefix(string(lustre.DeploymentType), "SCRATCH"):
		return "a scratch file system, which AWS cannot back up: keep what matters on a persistent one"
	case linked || lustre.DataRepositoryConfiguration != nil:
		return "a file system linked to a data repository, which AWS cannot back up: back up its S3 bucket instead"
	default:
		return ""
	}
}

func restoreParameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "deployment_type", Recorded: true, Required: true, Description: "PERSISTENT_1 or PERSISTENT_2, as the backup's"},
		{Name: "throughput_per_tib", Recorded: true, Description: "MB per second and TiB of storage, as the backup's"},
		{Name: "throughput_mbps", Recorded: true, Description: "MB per second, for INTELLIGENT_TIERING"},
		{Name: "lustre_version", Recorded: true, Description: "2.10, 2.12 or 2.15: the backup's or a newer one"},
		{Name: "compression", Recorded: true, Description: "LZ4 or NONE"},
		{Name: "drive_cache", Recorded: true, Description: "READ or NONE, for HDD storage"},
		{Name: "read_cache_mode", Recorded: true, Description: "how the SSD read cache is sized, for INTELLIGENT_TIERING: NO_CACHE, USER_PROVISIONED or PROPORTIONAL_TO_THROUGHPUT_CAPACITY"},
		{Name: "read_cache_gib", Recorded: true, Description: "the size of a USER_PROVISIONED read cache in GiB"},
		{Name: "metadata_mode", Recorded: true, Description: "AUTOMATIC or USER_PROVISIONED metadata performance"},
		{Name: "metadata_iops", Recorded: true, Description: "metadata operations per second, for USER_PROVISIONED"},
		{Name: "efa", Recorded: true, Description: "true for Elastic Fabric Adapter support"},
		{Name: "root_squash", Recorded: true, Description: "UID:GID that root is mapped to, 0:0 for none"},
		{Name: "no_squash_nids", Recorded: true, Description: "client NIDs that root squash leaves alone, comma-separated"},
		{Name: "log_level", Recorded: true, Description: "what is logged: DISABLED, WARN_ONLY, ERROR_ONLY or WARN_ERROR"},
		{Name: "log_destination", Recorded: true, Description: "the ARN of the log group in CloudWatch"},
	}
}

func record(f *types.FileSystem) map[string]string {
	values := map[string]string{"lustre_version": aws.ToString(f.FileSystemTypeVersion)}
	c := f.LustreConfiguration
	if c == nil {
		return values
	}
	values["deployment_type"], values["compression"] = string(c.DeploymentType), string(c.DataCompressionType)
	values["throughput_per_tib"], values["throughput_mbps"] = fsxbackup.Number(c.PerUnitStorageThroughput), fsxbackup.Number(c.ThroughputCapacity)
	values["drive_cache"], values["efa"] = string(c.DriveCacheType), fsxbackup.Flag(c.EfaEnabled)
	values["weekly_maintenance"] = aws.ToString(c.WeeklyMaintenanceStartTime)
	values["automatic_backup_days"] = fsxbackup.Number(c.AutomaticBackupRetentionDays)
	values["automatic_backup_time"] = aws.ToString(c.DailyAutomaticBackupStartTime)
	values["copy_tags_to_backups"] = fsxbackup.Flag(c.CopyTagsToBackups)
	if cache := c.DataReadCacheConfiguration; cache != nil {
		values["read_cache_mode"], values["read_cache_gib"] = string(cache.SizingMode), fsxbackup.Number(cache.SizeGiB)
	}
	if m := c.MetadataConfiguration; m != nil {
		values["metadata_mode"] = string(m.Mode)
		if m.Mode == types.MetadataConfigurationModeUserProvisioned { // otherwise it is AWS's own figure
			values["metadata_iops"] = fsxbackup.Number(m.Iops)
		}
	}
	if squash := c.RootSquashConfiguration; squash != nil {
		values["root_squash"], values["no_squash_nids"] = aws.ToString(squash.RootSquash), strings.Join(squash.NoSquashNids, ",")
	}
	if log := c.LogConfiguration; log != nil {
		values["log_level"], values["log_destination"] = string(log.Level), aws.ToString(log.Destination)
	}
	return values
}

func configure(v *parameters.Values, in *fsx.CreateFileSystemFromBackupInput) {
	v.OneOf("deployment_type", "PERSISTENT_1", "PERSISTENT_2")
	v.OneOf("compression", "LZ4", "NONE")
	if len(in.SubnetIds) > 1 {
		v.Problem("subnet_ids has %d subnets: a Lustre file system is in exactly one", len(in.SubnetIds))
	}
	in.FileSystemTypeVersion = v.String("lustre_version")
	c := &types.CreateFileSystemLustreConfiguration{
		DeploymentType:           types.LustreDeploymentType(v.Text("deployment_type")),
		PerUnitStorageThroughput: v.Int32("throughput_per_tib", 1), ThroughputCapacity: v.Int32("throughput_mbps", 1),
		DataCompressionType: types.DataCompressionType(v.Text("compression")), DriveCacheType: types.DriveCacheType(v.Text("drive_cache")),
		EfaEnabled: v.Bool("efa"), WeeklyMaintenanceStartTime: v.String("weekly_maintenance"),
		AutomaticBackupRetentionDays: v.Int32("automatic_backup_days", 0), DailyAutomaticBackupStartTime: v.String("automatic_backup_time"),
		CopyTagsToBackups: v.Bool("copy_tags_to_backups"),
	}
	if mode := v.Text("read_cache_mode"); mode != "" {
		c.DataReadCacheConfiguration = &types.LustreReadCacheConfiguration{SizingMode: types.LustreReadCacheSizingMode(mode), SizeGiB: v.Int32("read_cache_gib", 1)}
	}
	if mode := v.Text("metadata_mode"); mode != "" {
		c.MetadataConfiguration = &types.CreateFileSystemLustreMetadataConfiguration{Mode: types.MetadataConfigurationMode(mode), Iops: v.Int32("metadata_iops", 1)}
	}
	if squash := v.String("root_squash"); squash != nil {
		c.RootSquashConfiguration = &types.LustreRootSquashConfiguration{RootSquash: squash, NoSquashNids: v.List("no_squash_nids")}
	}
	if level := v.Text("log_level"); level != "" {
		c.LogConfiguration = &types.LustreLogCreateConfiguration{Level: types.LustreAccessAuditLogLevel(level), Destination: v.String("log_destination")}
	}
	in.LustreConfiguration = c
}
