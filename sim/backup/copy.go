package backup

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

type copyJob struct {
	id          string
	created     time.Time
	source, own *point
}

// startCopy is called where the source lies; what it makes is counted where the copy goes.
func (s *Service) startCopy(c *cloud.Call, in *backup.StartCopyJobInput) (*backup.StartCopyJobOutput, error) {
	known, keep := s.remember(c, "copy", in.IdempotencyToken)
	if j, ok := s.copies.Get(c.Place, known); ok {
		return &backup.StartCopyJobOutput{CopyJobId: &j.id, CreationDate: &j.created}, nil
	}
	source, err := s.find(c, in.RecoveryPointArn, in.SourceBackupVaultName)
	if err != nil {
		return nil, err
	}
	v, err := s.vaultByARN(c, in.DestinationBackupVaultArn)
	switch {
	case err != nil:
		return nil, err
	case aws.ToString(in.IamRoleArn) == "":
		return nil, missing("IamRoleArn")
	case !usable(source.status(c.Now)):
		return nil, refused("the recovery point is " + string(source.status(c.Now)))
	case source.class(c.Now) == types.StorageClassCold:
		return nil, refused("a recovery point in cold storage cannot be copied")
	}
	if problem := lifecycleProblem(in.Lifecycle); problem != "" {
		return nil, invalid("%s", problem)
	}
	if of := notCold(source.of, in.Lifecycle); of != "" {
		return nil, invalid("%s", of)
	}
	j, err := s.newCopy(c, source, v, in.Lifecycle)
	if err != nil {
		return nil, err
	}
	s.copies.Put(c.Place, j.id, j)
	keep(j.id)
	return &backup.StartCopyJobOutput{CopyJobId: &j.id, CreationDate: &j.created}, nil
}

// newCopy makes the copy of a point. It has the point's tags.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/tags-on-backups.html
func (s *Service) newCopy(c *cloud.Call, source *point, v *vault, l *types.Lifecycle) (*copyJob, error) {
	there := c.In(v.place)
	j := &copyJob{id: newJobID(c), created: c.Now, source: source}
	took := c.Between(10*time.Minute, 40*time.Minute, "copy", j.id)
	progress := there.Begin(string(source.of.Kind), string(driver.Copy), j.id, took, cmp.Or(v.outside(keepDays(l)), source.unshared(v)))
	var err error
	j.own, err = s.newPoint(there, v, source.of, pointOf{
		operation: driver.Copy, from: source.arn, tags: source.tagsNow(c.In(source.place)), lifecycle: l, progress: progress,
	})
	return j, err
}

// unshared says why a point cannot be copied to the account of a vault: what the service of
// the resource encrypted with a key that AWS manages stays in its account.
// It comes into vaults with a customer managed key only.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html
func (p *point) unshared(v *vault) string {
	switch {
	case !p.kept || p.place.Account == v.place.Account:
		return ""
	case p.encrypted && cloud.AWSManaged(p.key):
		return "the recovery point is encrypted with an AWS managed key, which cannot be shared with another account"
	case cloud.AWSManaged(v.key):
		return "Copy job failed because the destination Backup vault is encrypted with the default Backup service managed key"
	}
	return ""
}

func (j *copyJob) describe(now time.Time) types.CopyJob {
	out := types.CopyJob{
		CopyJobId: &j.id, CreationDate: &j.created, ResourceArn: &j.source.of.ARN, ResourceType: &j.source.of.Type,
		SourceRecoveryPointArn: &j.source.arn, SourceBackupVaultArn: &j.source.vault.arn,
		DestinationBackupVaultArn: &j.own.vault.arn, BackupSizeInBytes: &j.source.of.SizeBytes, State: types.CopyJobStateRunning,
	}
	switch progress := j.own.creating; {
	case progress.Failed(now):
		out.State, out.StatusMessage, out.CompletionDate = types.CopyJobStateFailed, &j.own.creating.Failure, &j.own.creating.End
	case progress.Succeeded(now) && progress.Missing != "":
		out.State, out.CompletionDate, out.StatusMessage = types.CopyJobStatePartial, &j.own.creating.End, &j.own.creating.Missing
		out.DestinationRecoveryPointArn, out.DestinationEncryptionKeyArn = &j.own.arn, j.own.keyARN()
	case progress.Succeeded(now):
		out.State, out.CompletionDate, out.MessageCategory = types.CopyJobStateCompleted, &j.own.creating.End, aws.String("SUCCESS")
		out.DestinationRecoveryPointArn, out.DestinationEncryptionKeyArn = &j.own.arn, j.own.keyARN()
	}
	return out
}

func (s *Service) describeCopy(c *cloud.Call, in *backup.DescribeCopyJobInput) (*backup.DescribeCopyJobOutput, error) {
	j, ok := s.copies.Get(c.Place, aws.ToString(in.CopyJobId))
	if !ok {
		return nil, notFound("Copy job", aws.ToString(in.CopyJobId))
	}
	d := j.describe(c.Now)
	return &backup.DescribeCopyJobOutput{CopyJob: &d}, nil
}

func (s *Service) listCopies(c *cloud.Call, in *backup.ListCopyJobsInput) (*backup.ListCopyJobsOutput, error) {
	seen := slices.DeleteFunc(s.copies.In(c.Place), func(j *copyJob) bool {
		return !listed(c, j.created, in.ByCreatedAfter, in.ByCreatedBefore) || differs(in.ByResourceType, j.source.of.Type) ||
			differs(in.ByResourceArn, j.source.of.ARN) || differs(in.ByDestinationVaultArn, j.own.vault.arn) ||
			differs(in.BySourceRecoveryPointArn, j.source.arn)
	})
	page, next, err := pageOf(seen, func(j *copyJob) string { return newest(j.created, j.id) }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &backup.ListCopyJobsOutput{NextToken: next}
	for _, j := range page {
		out.CopyJobs = append(out.CopyJobs, j.describe(c.Now))
	}
	return out, nil
}
