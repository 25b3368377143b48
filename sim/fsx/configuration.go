package fsx

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/sim/internal/cloud"
)

// lustreOf is what DescribeFileSystems shows of a configuration that was asked for.
func lustreOf(in *types.CreateFileSystemLustreConfiguration) *types.LustreFileSystemConfiguration {
	if in == nil {
		return nil
	}
	out := &types.LustreFileSystemConfiguration{
		DeploymentType: cmp.Or(in.DeploymentType, types.LustreDeploymentTypeScratch1), PerUnitStorageThroughput: in.PerUnitStorageThroughput,
		DataCompressionType: cmp.Or(in.DataCompressionType, types.DataCompressionTypeNone), DriveCacheType: in.DriveCacheType,
		WeeklyMaintenanceStartTime: in.WeeklyMaintenanceStartTime, DailyAutomaticBackupStartTime: in.DailyAutomaticBackupStartTime,
		AutomaticBackupRetentionDays: in.AutomaticBackupRetentionDays, CopyTagsToBackups: in.CopyTagsToBackups, EfaEnabled: in.EfaEnabled,
		ThroughputCapacity: in.ThroughputCapacity, RootSquashConfiguration: in.RootSquashConfiguration,
	}
	if m := in.MetadataConfiguration; m != nil {
		out.MetadataConfiguration = &types.FileSystemLustreMetadataConfiguration{Mode: m.Mode, Iops: m.Iops}
	}
	if l := in.LogConfiguration; l != nil {
		out.LogConfiguration = &types.LustreLogConfiguration{Level: l.Level, Destination: l.Destination}
	}
	if in.ImportPath != nil {
		out.DataRepositoryConfiguration = &types.DataRepositoryConfiguration{
			ImportPath: in.ImportPath, ExportPath: in.ExportPath, AutoImportPolicy: in.AutoImportPolicy,
		}
	}
	return out
}

// windowsOf is what DescribeFileSystems shows of a configuration that was asked for: never
// a password.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_SelfManagedActiveDirectoryAttributes.html
func windowsOf(in *types.CreateFileSystemWindowsConfiguration) *types.WindowsFileSystemConfiguration {
	if in == nil {
		return nil
	}
	out := &types.WindowsFileSystemConfiguration{
		DeploymentType: cmp.Or(in.DeploymentType, types.WindowsDeploymentTypeSingleAz1), ThroughputCapacity: in.ThroughputCapacity,
		ActiveDirectoryId: in.ActiveDirectoryId, PreferredSubnetId: in.PreferredSubnetId, DiskIopsConfiguration: in.DiskIopsConfiguration,
		WeeklyMaintenanceStartTime: in.WeeklyMaintenanceStartTime, DailyAutomaticBackupStartTime: in.DailyAutomaticBackupStartTime,
		AutomaticBackupRetentionDays: in.AutomaticBackupRetentionDays, CopyTagsToBackups: in.CopyTagsToBackups,
	}
	for _, name := range in.Aliases {
		out.Aliases = append(out.Aliases, types.Alias{Name: aws.String(strings.ToLower(name)), Lifecycle: types.AliasLifecycleAvailable})
	}
	if l := in.AuditLogConfiguration; l != nil {
		out.AuditLogConfiguration = &types.WindowsAuditLogConfiguration{
			FileAccessAuditLogLevel: l.FileAccessAuditLogLevel, FileShareAccessAuditLogLevel: l.FileShareAccessAuditLogLevel,
			AuditLogDestination: l.AuditLogDestination,
		}
	}
	if d := in.SelfManagedActiveDirectoryConfiguration; d != nil {
		out.SelfManagedActiveDirectoryConfiguration = &types.SelfManagedActiveDirectoryAttributes{
			DnsIps: d.DnsIps, DomainName: d.DomainName, UserName: d.UserName, FileSystemAdministratorsGroup: d.FileSystemAdministratorsGroup,
			OrganizationalUnitDistinguishedName: d.OrganizationalUnitDistinguishedName, DomainJoinServiceAccountSecret: d.DomainJoinServiceAccountSecret,
		}
	}
	return out
}

// problem says what FSx has against a new file system.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemFromBackup.html
func (s *Service) problem(c *cloud.Call, f *fileSystem) error {
	subnets, of := f.data.SubnetIds, 1
	switch f.data.FileSystemType {
	case types.FileSystemTypeLustre:
		if f.data.LustreConfiguration == nil {
			return missingConfiguration("LustreConfiguration")
		}
	case types.FileSystemTypeWindows:
		w := f.data.WindowsConfiguration
		if w == nil || w.ThroughputCapacity == nil {
			return missingConfiguration("WindowsConfiguration")
		}
		if (w.ActiveDirectoryId == nil) == (w.SelfManagedActiveDirectoryConfiguration == nil) {
			return badRequest("exactly one of ActiveDirectoryId and SelfManagedActiveDirectoryConfiguration is needed")
		}
		if w.DeploymentType == types.WindowsDeploymentTypeMultiAz1 {
			of = 2
			if !slices.Contains(subnets, aws.ToString(w.PreferredSubnetId)) {
				return &types.InvalidNetworkSettings{Message: aws.String("PreferredSubnetId must be one of SubnetIds")}
			}
		}
	default:
		return &types.UnsupportedOperation{Message: aws.String("there are no file systems of this type here")}
	}
	if len(subnets) != of {
		return &types.InvalidNetworkSettings{Message: aws.String("the number of subnets does not go with the deployment type")}
	}
	if s.count(f.place, f.data.FileSystemType) >= c.Quota(systemsQuota) {
		return limitExceeded(types.ServiceLimitFileSystemCount)
	}
	return nil
}

func missingConfiguration(what string) error {
	return &types.MissingFileSystemConfiguration{Message: aws.String(what + " is missing")}
}

func (s *Service) count(p cloud.Place, of types.FileSystemType) (n int) {
	for _, f := range s.systems.Unordered(p) {
		if f.data.FileSystemType == of {
			n++
		}
	}
	return n
}
