package fsxwindows

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver/awsbackup"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/fsxbackup"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// New returns the driver of Windows file systems. It takes its AWS configurations from sessions.
func New(sessions awssession.Provider) *fsxbackup.Driver { return fsxbackup.New(kind(), sessions) }

// NewAWSBackup is New through AWS Backup.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	return fsxbackup.NewAWSBackup(kind(), sessions, o)
}

func kind() fsxbackup.Kind {
	return fsxbackup.Kind{
		Kind: resource.FSxWindows, Title: "FSx for Windows file system", Type: types.FileSystemTypeWindows,
		Parameters: restoreParameters(), Record: record, Configure: configure,
		LocalGroups: []string{"preferred_subnet_id", "active_directory_id", "domain_join_secret_arn"},
		LocalOthers: []string{"audit_log_destination"},
		Restore: []string{
			"ds:AuthorizeApplication", "ds:DescribeDirectories", "ds:UnauthorizeApplication",
			"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
		},
		Unseen: map[string]string{
			"ds:AuthorizeApplication": directory, "ds:DescribeDirectories": directory, "ds:UnauthorizeApplication": directory,
			"secretsmanager:DescribeSecret": directory, "secretsmanager:GetSecretValue": directory,
		},
		Emulated: []conformance.Ability{conformance.CanDiscover, conformance.CanExpire}, // backups there never end
		Copies:   "https://docs.aws.amazon.com/fsx/latest/WindowsGuide/copy-backups.html",
	}
}

const directory = "FSx joins the directory as the caller: https://docs.aws.amazon.com/fsx/latest/WindowsGuide/aws-ad-integration-fsxW.html"

func record(f *types.FileSystem) map[string]string {
	values := map[string]string{}
	c := f.WindowsConfiguration
	if c == nil {
		return values
	}
	values["deployment_type"], values["throughput_mbps"] = string(c.DeploymentType), fsxbackup.Number(c.ThroughputCapacity)
	values["weekly_maintenance"] = aws.ToString(c.WeeklyMaintenanceStartTime)
	values["automatic_backup_days"] = fsxbackup.Number(c.AutomaticBackupRetentionDays)
	values["automatic_backup_time"] = aws.ToString(c.DailyAutomaticBackupStartTime)
	values["copy_tags_to_backups"] = fsxbackup.Flag(c.CopyTagsToBackups)
	values["active_directory_id"] = aws.ToString(c.ActiveDirectoryId)
	if c.DeploymentType == types.WindowsDeploymentTypeMultiAz1 {
		values["preferred_subnet_id"] = aws.ToString(c.PreferredSubnetId)
	}
	if iops := c.DiskIopsConfiguration; iops != nil && iops.Mode == types.DiskIopsConfigurationModeUserProvisioned {
		values["disk_iops"] = fsxbackup.Number(iops.Iops)
	}
	recordDirectory(values, c.SelfManagedActiveDirectoryConfiguration)
	recordAudit(values, c.AuditLogConfiguration)
	var aliases []string
	for _, alias := range c.Aliases {
		aliases = append(aliases, aws.ToString(alias.Name))
	}
	values["aliases"] = strings.Join(aliases, ",")
	return values
}

// recordDirectory records how to reach the customer's own directory. The secret is recorded
// by name only.
func recordDirectory(values map[string]string, d *types.SelfManagedActiveDirectoryAttributes) {
	if d == nil {
		return
	}
	values["domain_name"], values["dns_ips"] = aws.ToString(d.DomainName), strings.Join(d.DnsIps, ",")
	values["organizational_unit"] = aws.ToString(d.OrganizationalUnitDistinguishedName)
	values["administrators_group"] = aws.ToString(d.FileSystemAdministratorsGroup)
	values["domain_join_secret_arn"] = aws.ToString(d.DomainJoinServiceAccountSecret)
}

func recordAudit(values map[string]string, l *types.WindowsAuditLogConfiguration) {
	if l == nil {
		return
	}
	values["audit_file_access"], values["audit_share_access"] = string(l.FileAccessAuditLogLevel), string(l.FileShareAccessAuditLogLevel)
	values["audit_log_destination"] = aws.ToString(l.AuditLogDestination)
}
