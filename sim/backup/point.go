package backup

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

const (
	day = 24 * time.Hour
	// minCold is how much longer than in warm storage a point must be kept to be moved.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html
	minCold = 90
	// ownDeletion is how long after its lifecycle's end AWS deletes a point.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
	ownDeletion = 8 * time.Hour
)

type point struct {
	arn       string
	place     cloud.Place
	vault     *vault
	of        cloud.Protected
	operation driver.Operation
	tags      map[string]string
	creating  cloud.Progress
	stopped   time.Time // when its job was stopped
	cold      *int64    // days
	keep      *int64    // days
	deletion  cloud.Progress
	deleting  bool
	removed   time.Time // by somebody else
}

// newPoint makes the point a job fills; it is not seen before the job runs.
func (s *Service) newPoint(c *cloud.Call, v *vault, of cloud.Protected, op driver.Operation, l *types.Lifecycle) *point {
	p := &point{
		arn: c.ARN("backup", "recovery-point:"+newJobID(c)), place: c.Place, vault: v, of: of, operation: op, tags: map[string]string{},
	}
	if l != nil {
		p.cold, p.keep = l.MoveToColdStorageAfterDays, l.DeleteAfterDays
	}
	s.points.Put(c.Place, p.arn, p)
	return p
}

// end is when the point ceased or will cease to exist; zero: never.
func (p *point) end(now time.Time) time.Time {
	var ends []time.Time
	if p.creating.Failure != "" {
		ends = append(ends, p.creating.End)
	}
	if p.deleting && p.deletion.Failure == "" {
		ends = append(ends, p.deletion.End)
	}
	if p.keep != nil && *p.keep > 0 {
		ends = append(ends, p.creating.Start.Add(time.Duration(*p.keep)*day+ownDeletion))
	}
	ends = append(ends, p.removed, p.stopped)
	var first time.Time
	for _, at := range ends {
		if !at.IsZero() && !at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

func (p *point) exists(now time.Time) bool { return p.end(now).IsZero() }

func (p *point) status(now time.Time) types.RecoveryPointStatus {
	switch {
	case p.creating.Running(now):
		return types.RecoveryPointStatusCreating
	case p.deleting && p.deletion.Running(now):
		return types.RecoveryPointStatusDeleting
	case p.deleting:
		return types.RecoveryPointStatusExpired
	default:
		return types.RecoveryPointStatusCompleted
	}
}

func (p *point) class(now time.Time) types.StorageClass {
	if p.cold != nil && *p.cold > 0 && now.After(p.creating.Start.Add(time.Duration(*p.cold)*day)) {
		return types.StorageClassCold
	}
	return types.StorageClassWarm
}

func (p *point) lifecycle() *types.Lifecycle {
	return &types.Lifecycle{MoveToColdStorageAfterDays: p.cold, DeleteAfterDays: p.keep}
}

// find returns a point the caller may know of: one whose copy is not done is not there yet.
func (s *Service) find(c *cloud.Call, arn, vaultName *string) (*point, error) {
	p, ok := s.points.Get(c.Place, aws.ToString(arn))
	hidden := ok && p.operation == driver.Copy && p.creating.Running(c.Now)
	if !ok || hidden || !p.exists(c.Now) || vaultName != nil && p.vault.name != *vaultName {
		return nil, notFound("Recovery point", aws.ToString(arn))
	}
	return p, nil
}

func (s *Service) describePoint(c *cloud.Call, in *backup.DescribeRecoveryPointInput) (*backup.DescribeRecoveryPointOutput, error) {
	p, err := s.find(c, in.RecoveryPointArn, in.BackupVaultName)
	if err != nil {
		return nil, err
	}
	m := p.member(c.Now)
	return &backup.DescribeRecoveryPointOutput{
		RecoveryPointArn: m.RecoveryPointArn, BackupVaultName: m.BackupVaultName, BackupVaultArn: m.BackupVaultArn, ResourceArn: m.ResourceArn,
		ResourceType: m.ResourceType, Status: m.Status, StatusMessage: m.StatusMessage, CreationDate: m.CreationDate,
		CompletionDate: m.CompletionDate, BackupSizeInBytes: m.BackupSizeInBytes, IsEncrypted: m.IsEncrypted,
		EncryptionKeyArn: m.EncryptionKeyArn, Lifecycle: m.Lifecycle, StorageClass: p.class(c.Now),
	}, nil
}

func (p *point) member(now time.Time) types.RecoveryPointByBackupVault {
	m := types.RecoveryPointByBackupVault{
		RecoveryPointArn: &p.arn, BackupVaultName: &p.vault.name, BackupVaultArn: &p.vault.arn, ResourceArn: &p.of.ARN,
		ResourceType: &p.of.Type, Status: p.status(now), CreationDate: aws.Time(p.creating.Start), BackupSizeInBytes: &p.of.SizeBytes,
		IsEncrypted: true, EncryptionKeyArn: &p.vault.key, Lifecycle: p.lifecycle(),
	}
	if !p.creating.Running(now) {
		m.CompletionDate = aws.Time(p.creating.End)
	}
	if m.Status == types.RecoveryPointStatusExpired {
		m.StatusMessage = aws.String("the recovery point could not be deleted: " + p.deletion.Failure)
	}
	return m
}

func (s *Service) listPoints(c *cloud.Call, in *backup.ListRecoveryPointsByBackupVaultInput) (*backup.ListRecoveryPointsByBackupVaultOutput, error) {
	v, err := s.vault(c, in.BackupVaultName)
	if err != nil {
		return nil, err
	}
	seen := slices.DeleteFunc(s.points.In(c.Place), func(p *point) bool {
		_, err := s.find(c, &p.arn, &v.name)
		return err != nil || !c.Visible(p.creating.Start) ||
			in.ByResourceType != nil && *in.ByResourceType != p.of.Type || in.ByResourceArn != nil && *in.ByResourceArn != p.of.ARN
	})
	page, next, err := pageOf(seen, func(p *point) string { return p.arn }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &backup.ListRecoveryPointsByBackupVaultOutput{NextToken: next}
	for _, p := range page {
		out.RecoveryPoints = append(out.RecoveryPoints, p.member(c.Now))
	}
	return out, nil
}

func (s *Service) restoreMetadata(c *cloud.Call, in *backup.GetRecoveryPointRestoreMetadataInput) (*backup.GetRecoveryPointRestoreMetadataOutput, error) {
	p, err := s.find(c, in.RecoveryPointArn, in.BackupVaultName)
	if err != nil {
		return nil, err
	}
	return &backup.GetRecoveryPointRestoreMetadataOutput{
		RecoveryPointArn: &p.arn, BackupVaultArn: &p.vault.arn, ResourceType: &p.of.Type, RestoreMetadata: maps.Clone(p.of.Metadata),
	}, nil
}

// updateLifecycle replaces both values; -1 is "never".
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateRecoveryPointLifecycle.html
func (s *Service) updateLifecycle(c *cloud.Call, in *backup.UpdateRecoveryPointLifecycleInput) (*backup.UpdateRecoveryPointLifecycleOutput, error) {
	p, err := s.find(c, in.RecoveryPointArn, in.BackupVaultName)
	switch {
	case err != nil:
		return nil, err
	case in.Lifecycle == nil:
		return nil, missing("Lifecycle")
	}
	if problem := lifecycleProblem(in.Lifecycle); problem != "" {
		return nil, invalid("%s", problem)
	}
	if outside := p.vault.outside(in.Lifecycle.DeleteAfterDays); outside != "" {
		return nil, refused(outside)
	}
	if p.class(c.Now) == types.StorageClassCold && aws.ToInt64(in.Lifecycle.MoveToColdStorageAfterDays) != aws.ToInt64(p.cold) {
		return nil, refused("the recovery point is in cold storage already")
	}
	p.cold, p.keep = in.Lifecycle.MoveToColdStorageAfterDays, in.Lifecycle.DeleteAfterDays
	return &backup.UpdateRecoveryPointLifecycleOutput{RecoveryPointArn: &p.arn, BackupVaultArn: &p.vault.arn, Lifecycle: p.lifecycle()}, nil
}

func lifecycleProblem(l *types.Lifecycle) string {
	if l == nil || l.MoveToColdStorageAfterDays == nil || *l.MoveToColdStorageAfterDays <= 0 || aws.ToInt64(l.DeleteAfterDays) <= 0 {
		return ""
	}
	if *l.DeleteAfterDays < *l.MoveToColdStorageAfterDays+minCold {
		return "DeleteAfterDays must be at least 90 days more than MoveToColdStorageAfterDays"
	}
	return ""
}

// deletePoint answers at once; the point is DELETING for a while, and EXPIRED when the
// deletion fails.
func (s *Service) deletePoint(c *cloud.Call, in *backup.DeleteRecoveryPointInput) (*backup.DeleteRecoveryPointOutput, error) {
	p, err := s.find(c, in.RecoveryPointArn, in.BackupVaultName)
	if err != nil {
		return nil, err
	}
	switch {
	case p.creating.Running(c.Now):
		return nil, &types.InvalidResourceStateException{Message: aws.String("The recovery point is being created")}
	case p.vault.held:
		return nil, refused("Recovery point is under legal hold")
	case p.lockedUntil().After(c.Now):
		return nil, refused("Cannot delete recovery point: the backup vault is locked")
	case p.deleting && p.deletion.Running(c.Now):
		return &backup.DeleteRecoveryPointOutput{}, nil
	}
	p.deletion = c.Begin(string(p.of.Kind), string(driver.Expire), p.arn, c.Between(time.Minute, 5*time.Minute, "delete", p.arn), "")
	p.deleting = true
	return &backup.DeleteRecoveryPointOutput{}, nil
}

// lockedUntil is when a vault lock lets go of the point.
func (p *point) lockedUntil() time.Time {
	if !p.vault.locked {
		return time.Time{}
	}
	if p.keep == nil || *p.keep <= 0 {
		return p.creating.Start.AddDate(100, 0, 0)
	}
	return p.creating.Start.Add(time.Duration(*p.keep) * day)
}

func (s *Service) listTags(c *cloud.Call, in *backup.ListTagsInput) (*backup.ListTagsOutput, error) {
	tags, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &backup.ListTagsOutput{Tags: maps.Clone(tags)}, nil
}

func (s *Service) tagResource(c *cloud.Call, in *backup.TagResourceInput) (*backup.TagResourceOutput, error) {
	tags, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	maps.Copy(tags, in.Tags)
	return &backup.TagResourceOutput{}, nil
}

// tagged returns the tags of a vault or point, to be changed in place.
func (s *Service) tagged(c *cloud.Call, arn *string) (map[string]string, error) {
	if _, name, ok := strings.Cut(aws.ToString(arn), ":backup-vault:"); ok {
		v, err := s.vault(c, &name)
		if err != nil {
			return nil, err
		}
		if v.tags == nil {
			v.tags = map[string]string{}
		}
		return v.tags, nil
	}
	p, err := s.find(c, arn, nil)
	if err != nil {
		return nil, err
	}
	return p.tags, nil
}

// Artefacts returns every recovery point there ever was.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, p := range s.points.All() {
		all = append(all, cloud.Artefact{
			Kind: p.of.Kind, Operation: p.operation, Place: p.place, ID: p.vault.name + "/" + p.arn, ARN: p.arn, Source: p.of.ARN,
			Tags: maps.Clone(p.tags), CreatedAt: p.creating.Start, DeletedAt: p.end(now), Failed: p.creating.Failed(now),
		})
	}
	return all
}
