package fsxwindows

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/resource"
)

func restoreParameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "throughput_mbps", Recorded: true, Required: true, Description: "throughput in MB per second, a power of two from 8"},
		{Name: "deployment_type", Recorded: true, Required: true, Description: "SINGLE_AZ_1, SINGLE_AZ_2 or MULTI_AZ_1, as the backup's"},
		{Name: "preferred_subnet_id", Recorded: true, Description: "the subnet of the preferred file server, for MULTI_AZ_1"},
		{Name: "disk_iops", Recorded: true, Description: "SSD operations per second, if not 3 per GiB"},
		{Name: "active_directory_id", Recorded: true, Description: "the directory it joins, where AWS manages it"},
		{Name: "domain_name", Recorded: true, Description: "the domain it joins, where the directory is the customer's own"},
		{Name: "dns_ips", Recorded: true, Description: "addresses of that domain's DNS servers, comma-separated"},
		{Name: "organizational_unit", Recorded: true, Description: "distinguished name of the organizational unit it joins"},
		{Name: "administrators_group", Recorded: true, Description: "the domain group that administers it"},
		{Name: "domain_join_secret_arn", Recorded: true, Description: "the ARN of the secret in Secrets Manager with the account that joins the domain, which FSx reads itself; passwords are never recorded"},
		{Name: "aliases", Recorded: true, Description: "DNS aliases, comma-separated, which the source must have given up"},
		{Name: "audit_file_access", Recorded: true, Description: "what accesses to files are logged"},
		{Name: "audit_share_access", Recorded: true, Description: "what accesses to shares are logged"},
		{Name: "audit_log_destination", Recorded: true, Description: "the ARN of the log group or stream of these"},
	}
}

func configure(v *parameters.Values, in *fsx.CreateFileSystemFromBackupInput) {
	v.OneOf("deployment_type", "SINGLE_AZ_1", "SINGLE_AZ_2", "MULTI_AZ_1")
	c := &types.CreateFileSystemWindowsConfiguration{
		ThroughputCapacity: v.Int32("throughput_mbps", 8), DeploymentType: types.WindowsDeploymentType(v.Text("deployment_type")),
		ActiveDirectoryId: v.String("active_directory_id"), Aliases: v.List("aliases"), CopyTagsToBackups: v.Bool("copy_tags_to_backups"),
		WeeklyMaintenanceStartTime:   v.String("weekly_maintenance"),
		AutomaticBackupRetentionDays: v.Int32("automatic_backup_days", 0), DailyAutomaticBackupStartTime: v.String("automatic_backup_time"),
	}
	if iops := v.Int32("disk_iops", 1); iops != nil {
		c.DiskIopsConfiguration = &types.DiskIopsConfiguration{Mode: types.DiskIopsConfigurationModeUserProvisioned, Iops: aws.Int64(int64(*iops))}
	}
	place(v, in.SubnetIds, c)
	join(v, c)
	audit(v, c)
	in.WindowsConfiguration = c
}

// place checks the subnets against the deployment type.
func place(v *parameters.Values, subnets []string, c *types.CreateFileSystemWindowsConfiguration) {
	if c.DeploymentType != types.WindowsDeploymentTypeMultiAz1 {
		v.Drop("preferred_subnet_id")
		if len(subnets) > 1 {
			v.Problem("subnet_ids has %d subnets: a file system of type %s is in exactly one", len(subnets), c.DeploymentType)
		}
		return
	}
	c.PreferredSubnetId = v.String("preferred_subnet_id")
	switch preferred := v.Text("preferred_subnet_id"); {
	case len(subnets) > 0 && len(subnets) != 2:
		v.Problem("subnet_ids has %d subnets: a file system of type MULTI_AZ_1 is in two", len(subnets))
	case preferred == "":
		v.Problem("preferred_subnet_id is missing: deployment_type MULTI_AZ_1 needs it")
	case len(subnets) == 2 && !slices.Contains(subnets, preferred):
		v.Problem("preferred_subnet_id is %q: use one of subnet_ids", preferred)
	}
}

// join says which directory the file system joins: one AWS manages or the customer's own,
// as the source's is. FSx takes the credentials for the latter from a secret.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_SelfManagedActiveDirectoryConfiguration.html
func join(v *parameters.Values, c *types.CreateFileSystemWindowsConfiguration) {
	own := v.Text("domain_name") != ""
	switch {
	case own && v.Text("active_directory_id") != "":
		v.Problem("active_directory_id does not go with domain_name: a file system joins one directory, of the kind its source did")
	case !own && v.Text("active_directory_id") == "" && !v.Given("active_directory_id"):
		v.Problem("active_directory_id or domain_name is missing: a Windows file system joins a directory")
	}
	if !own {
		return
	}
	if v.Text("dns_ips") == "" {
		v.Problem("dns_ips is missing: the domain's DNS servers are not recorded")
	}
	checkSecret(v)
	c.SelfManagedActiveDirectoryConfiguration = &types.SelfManagedActiveDirectoryConfiguration{
		DomainName: v.String("domain_name"), DnsIps: v.List("dns_ips"), DomainJoinServiceAccountSecret: v.String("domain_join_secret_arn"),
		OrganizationalUnitDistinguishedName: v.String("organizational_unit"), FileSystemAdministratorsGroup: v.String("administrators_group"),
	}
}

// checkSecret never repeats what was given: it may be a password.
func checkSecret(v *parameters.Values) {
	secret := v.Text("domain_join_secret_arn")
	arn, err := resource.ParseARN(secret)
	switch {
	case secret == "":
		v.Problem("domain_join_secret_arn is missing: no backup has the password of the account that joins the domain, so name the secret it is in")
	case err != nil || arn.Service != "secretsmanager":
		v.Problem("domain_join_secret_arn is not the ARN of a secret in Secrets Manager")
	}
}

func audit(v *parameters.Values, c *types.CreateFileSystemWindowsConfiguration) {
	files, shares := v.Text("audit_file_access"), v.Text("audit_share_access")
	if files == "" && shares == "" {
		return
	}
	c.AuditLogConfiguration = &types.WindowsAuditLogCreateConfiguration{
		FileAccessAuditLogLevel: types.WindowsAccessAuditLogLevel(files), FileShareAccessAuditLogLevel: types.WindowsAccessAuditLogLevel(shares),
		AuditLogDestination: v.String("audit_log_destination"),
	}
}
