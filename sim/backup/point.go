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
	kept      bool              // it is an artefact of the service of the resource, which has its tags
	tags      map[string]string // of one that AWS Backup makes itself
	encrypted bool
	key       string
	creating  cloud.Progress
	stopped   time.Time // when its job was stopped
	cold      *int64    // days
	keep      *int64    // days
	deletion  cloud.Progress
	deleting  bool
	removed   time.Time // by somebody else
}

// pointOf is what a job knows of the point it makes.
type pointOf struct {
	operation driver.Operation
	from      string // ARN of the point it is a copy of
	tags      map[string]string
	lifecycle *types.Lifecycle
	progress  cloud.Progress
}

// newPoint makes the point a job fills; it is not seen before the job runs. AWS Backup
// encrypts what it makes itself with the vault's key; what services make has the source's,
// and a copy of it the vault's.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
func (s *Service) newPoint(c *cloud.Call, v *vault, of cloud.Protected, want pointOf) (*point, error) {
	p := &point{place: c.Place, vault: v, of: of, operation: want.operation, creating: want.progress, kept: c.Keeps(of)}
	if l := want.lifecycle; l != nil {
		p.cold, p.keep = l.MoveToColdStorageAfterDays, l.DeleteAfterDays
	}
	if !p.kept {
		p.arn, p.tags, p.encrypted, p.key = c.ARN("backup", "recovery-point:"+newJobID(c)), want.tags, true, v.key
		s.points.Put(c.Place, p.arn, p)
		return p, nil
	}
	want.tags[cloud.TagSource] = of.ARN
	p.encrypted, p.key = of.Encrypted, of.Key
	if want.from != "" && (of.Encrypted || !slices.Contains(unencrypted, of.Type)) {
		p.encrypted, p.key = true, v.key
	}
	var err error
	p.arn, err = c.Keep(cloud.Keep{
		Of: of, Operation: want.operation, From: want.from, Vault: v.name, Key: p.key, Tags: want.tags, Progress: want.progress,
	})
	if err != nil {
		return nil, invalid("%v", err)
	}
	s.points.Put(c.Place, p.arn, p)
	p.tell(c)
	return p, nil
}

// unencrypted are the types of which a copy of an unencrypted point stays so.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
var unencrypted = []string{"Aurora", "DocumentDB", "Neptune"}

// tell lets the service that shows the point as an artefact know when it ends.
func (p *point) tell(c *cloud.Call) {
	if p.kept {
		c.Discard(p.of, p.arn, p.lastEnd())
	}
}

// tagsNow returns the tags of the point.
func (p *point) tagsNow(c *cloud.Call) map[string]string {
	if p.kept {
		return c.KeptTags(p.of, p.arn)
	}
	return maps.Clone(p.tags)
}

// keyARN is nil for a point that is not encrypted.
func (p *point) keyARN() *string {
	if !p.encrypted {
		return nil
	}
	return &p.key
}

// end is when the point ceased to exist; zero: it is there.
func (p *point) end(now time.Time) time.Time {
	if at := p.lastEnd(); !at.IsZero() && !at.After(now) {
		return at
	}
	return time.Time{}
}

// lastEnd is when the point ceases to exist as things are now; zero: never.
func (p *point) lastEnd() (first time.Time) {
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
	for _, at := range append(ends, p.removed, p.stopped) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
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
	case p.creating.Missing != "":
		return types.RecoveryPointStatusPartial
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
		IsEncrypted: p.encrypted, EncryptionKeyArn: p.keyARN(), Lifecycle: p.lifecycle(),
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

// updateLifecycle replaces both values; -1 is "never". A lock forbids every change.
// Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateRecoveryPointLifecycle.html
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
	if p.vault.locked {
		return nil, refused("the backup vault is locked: the lifecycle of its recovery points cannot be changed")
	}
	if of := notCold(p.of, in.Lifecycle); of != "" {
		return nil, invalid("%s", of)
	}
	if p.class(c.Now) == types.StorageClassCold && aws.ToInt64(in.Lifecycle.MoveToColdStorageAfterDays) != aws.ToInt64(p.cold) {
		return nil, refused("the recovery point is in cold storage already")
	}
	p.cold, p.keep = in.Lifecycle.MoveToColdStorageAfterDays, in.Lifecycle.DeleteAfterDays
	p.tell(c)
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
	p.tell(c)
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
	// AWS Backup knows tags of what it makes itself; others have them in their own service.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListTags.html
	if !strings.Contains(aws.ToString(arn), ":backup:") {
		return nil, invalid("the resource %s is not one AWS Backup has tags of", aws.ToString(arn))
	}
	p, err := s.find(c, arn, nil)
	if err != nil {
		return nil, err
	}
	return p.tags, nil
}

// Artefacts returns every recovery point there ever was that AWS Backup makes itself: the
// others are their services' artefacts.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, p := range s.points.All() {
		if p.kept {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: p.of.Kind, Operation: p.operation, Place: p.place, ID: p.vault.name + "/" + p.arn, ARN: p.arn, Source: p.of.ARN,
			Tags: maps.Clone(p.tags), CreatedAt: p.creating.Start, DeletedAt: p.end(now), Failed: p.creating.Failed(now),
		})
	}
	return all
}
