package fsx

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

// maxIDs is how many backups one call may name.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_DescribeBackups.html
const maxIDs = 50

type backup struct {
	id, arn   string
	place     cloud.Place
	of        types.FileSystem // as it was
	operation driver.Operation
	source    *backup // of a copy
	key       string
	tags      map[string]string
	progress  cloud.Progress
	uses      []*cloud.Progress // the copies and restores made from it
	copies    []*cloud.Progress // those of uses that are copies
	deleted   time.Time
	kept      cloud.Kept
}

// createBackup begins a backup. Tags of the file system come along only where the call
// gives none and the file system says so.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateBackup.html
func (s *Service) createBackup(c *cloud.Call, in *fsx.CreateBackupInput) (*fsx.CreateBackupOutput, error) {
	made, keep, err := s.once(c, "backup", in.ClientRequestToken, in)
	if err != nil {
		return nil, err
	}
	if b, ok := s.backups.Get(c.Place, made); ok {
		return &fsx.CreateBackupOutput{Backup: new(b.describe(c.Now))}, nil
	}
	f, ok := s.systems.Get(c.Place, aws.ToString(in.FileSystemId))
	if !ok {
		return nil, noSystem(aws.ToString(in.FileSystemId))
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := s.refusal(c, f); err != nil {
		return nil, err
	}
	if len(tags) == 0 && f.copiesTags() {
		maps.Copy(tags, f.tags)
	}
	b := newBackup(c, f.data, driver.Backup)
	b.key, b.tags = aws.ToString(f.data.KmsKeyId), tags
	b.progress = c.Begin(string(kindOf(b.of.FileSystemType)), string(driver.Backup), b.id, outlast(c, "backup", b.id), "")
	s.backups.Put(c.Place, b.id, b)
	keep(b.id)
	return &fsx.CreateBackupOutput{Backup: new(b.describe(c.Now))}, nil
}

func (f *fileSystem) copiesTags() bool {
	if w := f.data.WindowsConfiguration; w != nil {
		return aws.ToBool(w.CopyTagsToBackups)
	}
	return aws.ToBool(f.data.LustreConfiguration.CopyTagsToBackups)
}

// refusal is why no backup of a file system can begin now.
// Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-backups-fsx.html
func (s *Service) refusal(c *cloud.Call, f *fileSystem) error {
	if s.scratch(f) {
		return &types.UnsupportedOperation{Message: aws.String("Backups are not supported on scratch file systems")}
	}
	switch {
	case s.linked(f):
		return &types.UnsupportedOperation{Message: aws.String("Backups are not supported on file systems linked to a data repository")}
	case f.lifecycle(c.Now) != types.FileSystemLifecycleAvailable:
		return badRequest("the file system is " + string(f.lifecycle(c.Now)))
	case s.full(c, f.data.FileSystemType):
		return limitExceeded(types.ServiceLimitTotalUserInitiatedBackups)
	}
	for _, b := range s.backups.Unordered(c.Place) {
		if *b.of.FileSystemId == f.id && b.operation == driver.Backup && b.progress.Running(c.Now) {
			return &types.BackupInProgress{Message: aws.String("another backup of the file system is already under way")}
		}
	}
	return nil
}

// scratch reports whether a file system is not meant to last.
func (s *Service) scratch(f *fileSystem) bool {
	l := f.data.LustreConfiguration
	return l != nil && l.DeploymentType != types.LustreDeploymentTypePersistent1 && l.DeploymentType != types.LustreDeploymentTypePersistent2
}

// full reports whether the quota of backups of a type is used up. Failed ones count.
func (s *Service) full(c *cloud.Call, of types.FileSystemType) bool {
	n := 0
	for _, b := range s.backups.Unordered(c.Place) {
		if b.of.FileSystemType == of {
			n++
		}
	}
	return n >= c.Quota(backupsQuota)
}

func newBackup(c *cloud.Call, of types.FileSystem, op driver.Operation) *backup {
	id := c.NewID("backup-0", 16)
	return &backup{id: id, arn: c.ARN("fsx", "backup/"+id), place: c.Place, of: of, operation: op}
}

// lifecycle shows more of what happens to Lustre backups than to others.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_Backup.html
func (b *backup) lifecycle(now time.Time) types.BackupLifecycle {
	percent := b.progress.Percent(now)
	switch {
	case b.progress.Failed(now):
		return types.BackupLifecycleFailed
	case !b.progress.Running(now):
		return types.BackupLifecycleAvailable
	case b.operation == driver.Copy:
		return types.BackupLifecycleCopying
	case b.of.FileSystemType == types.FileSystemTypeLustre && percent < 10:
		return types.BackupLifecyclePending
	case b.of.FileSystemType == types.FileSystemTypeLustre && percent > 50:
		return types.BackupLifecycleTransferring
	default:
		return types.BackupLifecycleCreating
	}
}

func (b *backup) describe(now time.Time) types.Backup {
	out := types.Backup{
		BackupId: &b.id, ResourceARN: &b.arn, OwnerId: &b.place.Account, CreationTime: aws.Time(b.progress.Start), FileSystem: new(b.of),
		Type: b.madeBy(), ResourceType: types.ResourceTypeFileSystem, KmsKeyId: &b.key, Lifecycle: b.lifecycle(now),
		ProgressPercent: aws.Int32(int32(b.progress.Percent(now))), SizeInBytes: aws.Int64(int64(*b.of.StorageCapacity) << 30 / 4), Tags: tagList(b.tags),
	}
	if b.source != nil {
		out.SourceBackupId, out.SourceBackupRegion = &b.source.id, &b.source.place.Region
	}
	if out.Lifecycle == types.BackupLifecycleFailed {
		out.FailureDetails = &types.BackupFailureDetails{Message: &b.progress.Failure}
	}
	return out
}

// madeBy is the type of a backup, which says who made it.
func (b *backup) madeBy() types.BackupType {
	if b.kept.By() {
		return types.BackupTypeAwsBackup
	}
	return types.BackupTypeUserInitiated
}

// describeBackups fails as a whole when one id is not known; ids override filters.
func (s *Service) describeBackups(c *cloud.Call, in *fsx.DescribeBackupsInput) (*fsx.DescribeBackupsOutput, error) {
	if len(in.BackupIds) > maxIDs {
		return nil, badRequest("at most 50 BackupIds can be given")
	}
	for _, id := range in.BackupIds {
		if b, ok := s.backups.Get(c.Place, id); !ok || !c.Visible(b.progress.Start) || !b.kept.Is(c.Now) {
			return nil, noBackup(id)
		}
	}
	seen := slices.DeleteFunc(s.backups.In(c.Place), func(b *backup) bool {
		if len(in.BackupIds) > 0 {
			return !slices.Contains(in.BackupIds, b.id)
		}
		return !c.Visible(b.progress.Start) || !b.kept.Is(c.Now) || !b.matches(in.Filters)
	})
	page, next, err := pageOf(seen, func(b *backup) string { return b.id }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &fsx.DescribeBackupsOutput{NextToken: next}
	for _, b := range page {
		out.Backups = append(out.Backups, b.describe(c.Now))
	}
	return out, nil
}

// matches reports whether every filter allows the backup, each by any of its values.
func (b *backup) matches(filters []types.Filter) bool {
	for _, f := range filters {
		value := ""
		switch f.Name {
		case types.FilterNameFileSystemId:
			value = *b.of.FileSystemId
		case types.FilterNameFileSystemType:
			value = string(b.of.FileSystemType)
		case types.FilterNameBackupType:
			value = string(b.madeBy())
		}
		if !slices.Contains(f.Values, value) {
			return false
		}
	}
	return true
}

func noBackup(id string) error {
	return &types.BackupNotFound{Message: aws.String("backup " + id + " does not exist")}
}

// deleteBackup takes effect at once.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_DeleteBackup.html
func (s *Service) deleteBackup(c *cloud.Call, in *fsx.DeleteBackupInput) (*fsx.DeleteBackupOutput, error) {
	b, ok := s.backups.Get(c.Place, aws.ToString(in.BackupId))
	if !ok {
		return nil, noBackup(aws.ToString(in.BackupId))
	}
	running := func(p *cloud.Progress) bool { return p.Running(c.Now) }
	switch {
	case b.kept.By():
		return nil, keptByBackup(b.id)
	case b.progress.Running(c.Now):
		return nil, &types.BackupInProgress{Message: aws.String("the backup is being made")}
	case slices.ContainsFunc(b.copies, running):
		return nil, &types.BackupBeingCopied{Message: aws.String("the backup is being copied"), BackupId: &b.id}
	case slices.ContainsFunc(b.uses, running):
		return nil, &types.BackupRestoring{Message: aws.String("a file system is being made of the backup")}
	}
	s.dropBackup(c, b)
	return &fsx.DeleteBackupOutput{BackupId: &b.id, Lifecycle: types.BackupLifecycleDeleted}, nil
}

func (s *Service) dropBackup(c *cloud.Call, b *backup) {
	c.Cancel(&b.progress)
	b.deleted = c.Now
	s.backups.Delete(b.place, b.id)
	s.deleted = append(s.deleted, b)
}
