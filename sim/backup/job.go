package backup

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

const (
	// defaultWindow is the start window of a job that names none, in minutes.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html
	defaultWindow = 480
	maxTags       = 50
	stopTakes     = time.Minute
)

// notStoppable are the types whose jobs cannot be stopped.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StopBackupJob.html
var notStoppable = []string{"Aurora", "DocumentDB", "FSx", "Neptune", "RDS"}

type backupJob struct {
	id       string
	created  time.Time
	runs     time.Time // when it begins to run
	expires  time.Time // when its start window ends
	role     string
	progress cloud.Progress
	point    *point
	stopped  time.Time
}

func (s *Service) startBackup(c *cloud.Call, in *backup.StartBackupJobInput) (*backup.StartBackupJobOutput, error) {
	known, keep := s.remember(c, "backup", in.IdempotencyToken)
	if j, ok := s.jobs.Get(c.Place, known); ok {
		return j.started(), nil
	}
	v, err := s.vault(c, in.BackupVaultName)
	if err != nil {
		return nil, err
	}
	of, ok := c.Protect(aws.ToString(in.ResourceArn))
	switch {
	case aws.ToString(in.IamRoleArn) == "":
		return nil, missing("IamRoleArn")
	case !ok:
		return nil, notFound("Resource", aws.ToString(in.ResourceArn))
	case aws.ToInt64(in.StartWindowMinutes) != 0 && *in.StartWindowMinutes < 60:
		return nil, invalid("StartWindowMinutes must be at least 60")
	}
	if problem := lifecycleProblem(in.Lifecycle); problem != "" {
		return nil, invalid("%s", problem)
	}
	j := &backupJob{id: newJobID(c), created: c.Now, role: *in.IamRoleArn, point: s.newPoint(c, v, of, driver.Backup, in.Lifecycle)}
	maps.Copy(j.point.tags, of.Tags)
	maps.Copy(j.point.tags, in.RecoveryPointTags)
	j.runs = s.freeFrom(c, of.ARN)
	j.expires = c.Now.Add(time.Duration(cmp.Or(aws.ToInt64(in.StartWindowMinutes), defaultWindow)) * time.Minute)
	took := j.runs.Sub(c.Now) + c.Between(5*time.Minute, 30*time.Minute, "job", j.id)
	failure := cmp.Or(of.Refusal, v.outside(j.point.keep), j.tooManyTags())
	if j.runs.After(j.expires) {
		took, failure = j.expires.Sub(c.Now), "the job did not start within its start window"
	}
	j.progress = c.Begin(string(of.Kind), string(driver.Backup), j.id, took, failure)
	j.point.creating = j.progress
	s.jobs.Put(c.Place, j.id, j)
	keep(j.id)
	return j.started(), nil
}

func (j *backupJob) started() *backup.StartBackupJobOutput {
	return &backup.StartBackupJobOutput{BackupJobId: &j.id, CreationDate: &j.created, RecoveryPointArn: &j.point.arn}
}

func (j *backupJob) tooManyTags() string {
	if n := len(j.point.tags); n > maxTags {
		return fmt.Sprintf("the recovery point would have %d tags, more than %d", n, maxTags)
	}
	return ""
}

// freeFrom is when the resource has no other job in progress.
func (s *Service) freeFrom(c *cloud.Call, arn string) time.Time {
	free := c.Now
	for _, j := range s.jobs.Unordered(c.Place) {
		if end := j.end(); j.point.of.ARN == arn && end.After(free) {
			free = end
		}
	}
	return free
}

func (j *backupJob) end() time.Time {
	if !j.stopped.IsZero() {
		return j.stopped
	}
	return j.progress.End
}

func (j *backupJob) state(now time.Time) types.BackupJobState {
	switch {
	case !j.stopped.IsZero() && now.Before(j.stopped):
		return types.BackupJobStateAborting
	case !j.stopped.IsZero():
		return types.BackupJobStateAborted
	case j.progress.Running(now) && now.Before(j.runs):
		return types.BackupJobStateCreated
	case j.progress.Running(now):
		return types.BackupJobStateRunning
	case j.progress.Failed(now) && j.runs.After(j.expires):
		return types.BackupJobStateExpired
	case j.progress.Failed(now):
		return types.BackupJobStateFailed
	default:
		return types.BackupJobStateCompleted
	}
}

func (j *backupJob) describe(c *cloud.Call) types.BackupJob {
	p := j.point
	out := types.BackupJob{
		BackupJobId: &j.id, AccountId: &c.Place.Account, BackupVaultName: &p.vault.name, BackupVaultArn: &p.vault.arn,
		ResourceArn: &p.of.ARN, ResourceType: &p.of.Type, RecoveryPointArn: &p.arn, IamRoleArn: &j.role,
		CreationDate: &j.created, State: j.state(c.Now), PercentDone: aws.String(strconv.Itoa(j.progress.Percent(c.Now)) + ".0"),
		IsEncrypted: true, EncryptionKeyArn: &p.vault.key, BackupSizeInBytes: &p.of.SizeBytes,
	}
	switch out.State {
	case types.BackupJobStateCompleted:
		out.CompletionDate, out.MessageCategory = &j.progress.End, aws.String("SUCCESS")
	case types.BackupJobStateFailed, types.BackupJobStateExpired:
		out.CompletionDate, out.StatusMessage = &j.progress.End, &j.progress.Failure
	case types.BackupJobStateAborted:
		out.CompletionDate, out.StatusMessage = &j.stopped, aws.String("the job was stopped")
	}
	return out
}

func (s *Service) describeBackup(c *cloud.Call, in *backup.DescribeBackupJobInput) (*backup.DescribeBackupJobOutput, error) {
	j, ok := s.jobs.Get(c.Place, aws.ToString(in.BackupJobId))
	if !ok {
		return nil, notFound("Backup job", aws.ToString(in.BackupJobId))
	}
	d := j.describe(c)
	return &backup.DescribeBackupJobOutput{
		BackupJobId: d.BackupJobId, State: d.State, StatusMessage: d.StatusMessage, RecoveryPointArn: d.RecoveryPointArn,
		BackupVaultName: d.BackupVaultName, ResourceArn: d.ResourceArn, PercentDone: d.PercentDone, CreationDate: d.CreationDate,
	}, nil
}

// newest orders jobs by their creation, the newest first.
func newest(at time.Time, id string) string {
	return fmt.Sprintf("%020d %s", math.MaxInt64-at.UnixNano(), id)
}

func (s *Service) listBackups(c *cloud.Call, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
	seen := slices.DeleteFunc(s.jobs.In(c.Place), func(j *backupJob) bool {
		p := j.point
		return !listed(c, j.created, in.ByCreatedAfter, in.ByCreatedBefore) ||
			differs(in.ByResourceType, p.of.Type) || differs(in.ByResourceArn, p.of.ARN) || differs(in.ByBackupVaultName, p.vault.name) ||
			in.ByState != "" && in.ByState != j.state(c.Now)
	})
	page, next, err := pageOf(seen, func(j *backupJob) string { return newest(j.created, j.id) }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &backup.ListBackupJobsOutput{NextToken: next}
	for _, j := range page {
		out.BackupJobs = append(out.BackupJobs, j.describe(c))
	}
	return out, nil
}

// jobsKept is how long the listings show a job.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupJobs.html
const jobsKept = 30 * day

// listed applies what all listings of jobs have in common.
func listed(c *cloud.Call, created time.Time, after, before *time.Time) bool {
	return c.Visible(created) && c.Now.Sub(created) < jobsKept &&
		(after == nil || !created.Before(*after)) && (before == nil || created.Before(*before))
}

func differs(filter *string, value string) bool { return filter != nil && *filter != value }

func (s *Service) stopBackup(c *cloud.Call, in *backup.StopBackupJobInput) (*backup.StopBackupJobOutput, error) {
	j, ok := s.jobs.Get(c.Place, aws.ToString(in.BackupJobId))
	switch {
	case !ok:
		return nil, notFound("Backup job", aws.ToString(in.BackupJobId))
	case slices.Contains(notStoppable, j.point.of.Type):
		return nil, refused("jobs of " + j.point.of.Type + " cannot be stopped")
	case j.state(c.Now) == types.BackupJobStateAborting:
		return &backup.StopBackupJobOutput{}, nil
	case !j.progress.Running(c.Now) || !j.stopped.IsZero():
		return nil, refused("the job has ended")
	}
	c.Cancel(&j.progress)
	j.stopped = c.Now.Add(stopTakes)
	j.point.stopped = c.Now
	return &backup.StopBackupJobOutput{}, nil
}
