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
	j, err := s.newJob(c, v, of, in)
	if err != nil {
		return nil, err
	}
	s.jobs.Put(c.Place, j.id, j)
	keep(j.id)
	return j.started(), nil
}

// newJob decides how a job will go, and makes its point.
func (s *Service) newJob(c *cloud.Call, v *vault, of cloud.Protected, in *backup.StartBackupJobInput) (*backupJob, error) {
	j := &backupJob{id: newJobID(c), created: c.Now, role: *in.IamRoleArn}
	tags := map[string]string{}
	maps.Copy(tags, of.Tags)
	maps.Copy(tags, in.RecoveryPointTags)
	j.runs = s.freeFrom(c, of.ARN)
	j.expires = c.Now.Add(time.Duration(cmp.Or(aws.ToInt64(in.StartWindowMinutes), defaultWindow)) * time.Minute)
	took := j.runs.Sub(c.Now) + c.Between(5*time.Minute, 30*time.Minute, "job", j.id)
	failure := cmp.Or(of.Refusal, v.outside(keepDays(in.Lifecycle)), notCold(of, in.Lifecycle), tooManyTags(tags))
	if j.runs.After(j.expires) {
		took, failure = j.expires.Sub(c.Now), "the job did not start within its start window"
	}
	j.progress = c.Begin(string(of.Kind), string(driver.Backup), j.id, took, failure)
	var err error
	j.point, err = s.newPoint(c, v, of, pointOf{operation: driver.Backup, tags: tags, lifecycle: in.Lifecycle, progress: j.progress})
	return j, err
}

// started names the point at once only where AWS Backup makes it itself.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html
func (j *backupJob) started() *backup.StartBackupJobOutput {
	out := &backup.StartBackupJobOutput{BackupJobId: &j.id, CreationDate: &j.created}
	if !j.point.kept {
		out.RecoveryPointArn = &j.point.arn
	}
	return out
}

func tooManyTags(tags map[string]string) string {
	if n := len(tags); n > maxTags {
		return fmt.Sprintf("the recovery point would have %d tags, more than %d", n, maxTags)
	}
	return ""
}

// tiered are the types whose points can move to cold storage. EBS takes an opt-in.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
var tiered = []string{"EBS", "EFS", "VirtualMachine", "DynamoDB"}

// notCold says why points of a type cannot live as asked. AWS ignores a transition of types
// that have no cold storage; a job that is told of one here fails, so that nobody relies on it.
func notCold(of cloud.Protected, l *types.Lifecycle) string {
	if l == nil || aws.ToInt64(l.MoveToColdStorageAfterDays) <= 0 {
		return ""
	}
	if !slices.Contains(tiered, of.Type) {
		return "recovery points of " + of.Type + " have no cold storage"
	}
	if of.Type == "EBS" && !aws.ToBool(l.OptInToArchiveForSupportedResources) {
		return "cold storage of EBS needs OptInToArchiveForSupportedResources"
	}
	return ""
}

func keepDays(l *types.Lifecycle) *int64 {
	if l == nil {
		return nil
	}
	return l.DeleteAfterDays
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
	case j.progress.Missing != "":
		return types.BackupJobStatePartial
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
		IsEncrypted: p.encrypted, BackupSizeInBytes: &p.of.SizeBytes,
	}
	if p.encrypted {
		out.EncryptionKeyArn = &p.key
	}
	if out.State == types.BackupJobStateCreated && p.kept {
		out.RecoveryPointArn = nil
	}
	switch out.State {
	case types.BackupJobStateCompleted:
		out.CompletionDate, out.MessageCategory = &j.progress.End, aws.String("SUCCESS")
	case types.BackupJobStatePartial:
		out.CompletionDate, out.StatusMessage = &j.progress.End, &j.progress.Missing
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
		BackupJobId: d.BackupJobId, State: d.State, StatusMessage: d.StatusMessage, MessageCategory: d.MessageCategory,
		RecoveryPointArn: d.RecoveryPointArn, BackupVaultName: d.BackupVaultName, ResourceArn: d.ResourceArn, PercentDone: d.PercentDone,
		CreationDate: d.CreationDate, BackupSizeInBytes: d.BackupSizeInBytes, IsEncrypted: d.IsEncrypted, EncryptionKeyArn: d.EncryptionKeyArn,
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
	j.point.tell(c)
	return &backup.StopBackupJobOutput{}, nil
}
