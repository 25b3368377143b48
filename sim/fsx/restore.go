package fsx

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

// minDisk is the least capacity, in GiB, with which SSD storage can be restored to disks.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemFromBackup.html
const minDisk = 2000

// restoreFileSystem makes a file system like the backed up one.
// Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/restoring-backups.html
func (s *Service) restoreFileSystem(c *cloud.Call, in *fsx.CreateFileSystemFromBackupInput) (*fsx.CreateFileSystemFromBackupOutput, error) {
	made, keep, err := s.once(c, "restore", in.ClientRequestToken, in)
	if err != nil {
		return nil, err
	}
	if f, ok := s.systems.Get(c.Place, made); ok {
		return &fsx.CreateFileSystemFromBackupOutput{FileSystem: new(f.describe(c.Now))}, nil
	}
	b, ok := s.backups.Get(c.Place, aws.ToString(in.BackupId))
	if !ok {
		return nil, noBackup(aws.ToString(in.BackupId))
	}
	if b.lifecycle(c.Now) != types.BackupLifecycleAvailable {
		return nil, badRequest("the backup is " + string(b.lifecycle(c.Now)))
	}
	f, err := s.rebuilt(c, b, in)
	if err != nil {
		return nil, err
	}
	f.connect(c)
	f.source = b
	f.creating = c.Begin(string(kindOf(b.of.FileSystemType)), string(driver.Restore), f.id, outlast(c, "restore", f.id), "")
	b.uses = append(b.uses, &f.creating)
	s.systems.Put(c.Place, f.id, f)
	keep(f.id)
	return &fsx.CreateFileSystemFromBackupOutput{FileSystem: new(f.describe(c.Now))}, nil
}

func (s *Service) rebuilt(c *cloud.Call, b *backup, in *fsx.CreateFileSystemFromBackupInput) (*fileSystem, error) {
	f := newSystem(c, b.of.FileSystemType)
	var err error
	if f.tags, err = tagsOf(in.Tags); err != nil {
		return nil, err
	}
	key, err := keyHere(c, in.KmsKeyId)
	if err != nil {
		return nil, err
	}
	f.data.SubnetIds, f.groups, f.data.KmsKeyId = slices.Clone(in.SubnetIds), slices.Clone(in.SecurityGroupIds), &key
	f.data.StorageCapacity = cmp.Or(in.StorageCapacity, b.of.StorageCapacity)
	f.data.StorageType = cmp.Or(in.StorageType, types.StorageTypeSsd)
	f.data.FileSystemTypeVersion = cmp.Or(in.FileSystemTypeVersion, b.of.FileSystemTypeVersion)
	f.data.LustreConfiguration, f.data.WindowsConfiguration = lustreOf(in.LustreConfiguration), windowsOf(in.WindowsConfiguration)
	if err := s.problem(c, f); err != nil {
		return nil, err
	}
	if *f.data.StorageCapacity != *b.of.StorageCapacity {
		return nil, badRequest("StorageCapacity must match the backup's")
	}
	if f.data.WindowsConfiguration != nil {
		return f, windowsMismatch(b, in)
	}
	return f, lustreMismatch(b, in)
}

// lustreMismatch compares what a restored file system must have in common with the backup.
func lustreMismatch(b *backup, in *fsx.CreateFileSystemFromBackupInput) error {
	was, now := b.of.LustreConfiguration, in.LustreConfiguration
	switch {
	case now.DeploymentType != was.DeploymentType:
		return badRequest("DeploymentType must match the backup's")
	case aws.ToInt32(now.PerUnitStorageThroughput) != aws.ToInt32(was.PerUnitStorageThroughput):
		return &types.InvalidPerUnitStorageThroughput{Message: aws.String("PerUnitStorageThroughput must match the backup's")}
	case cmp.Or(in.StorageType, types.StorageTypeSsd) != b.of.StorageType:
		return badRequest("StorageType must match the backup's")
	}
	return nil
}

// windowsMismatch wants the directory to be of the same kind, and one that is not AWS's to
// come with the credentials FSx joins it with, which no backup has.
// Source: https://docs.aws.amazon.com/fsx/latest/WindowsGuide/restoring-backups.html
func windowsMismatch(b *backup, in *fsx.CreateFileSystemFromBackupInput) error {
	was, now := b.of.WindowsConfiguration, in.WindowsConfiguration
	directory := now.SelfManagedActiveDirectoryConfiguration
	switch {
	case cmp.Or(now.DeploymentType, types.WindowsDeploymentTypeSingleAz1) != was.DeploymentType:
		return badRequest("DeploymentType must match the backup's")
	case (now.ActiveDirectoryId == nil) != (was.ActiveDirectoryId == nil):
		return badRequest("the type of Active Directory cannot be changed")
	case directory != nil && directory.DomainJoinServiceAccountSecret == nil && (directory.UserName == nil || directory.Password == nil):
		return &types.ActiveDirectoryError{Message: aws.String("the user name and password to join the domain with are missing"), Type: types.ActiveDirectoryErrorTypeDomainNotFound}
	case in.StorageType == types.StorageTypeHdd && b.of.StorageType == types.StorageTypeSsd && *b.of.StorageCapacity < minDisk:
		return badRequest("HDD storage has at least 2000 GiB")
	}
	return nil
}
