package backup

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/sim/internal/cloud"
)

type restoreJob struct {
	id       string
	created  time.Time
	role     string
	point    *point
	made     string // ARN
	progress cloud.Progress
}

// startRestore accepts metadata that do not do, and fails the job later, as AWS does.
func (s *Service) startRestore(c *cloud.Call, in *backup.StartRestoreJobInput) (*backup.StartRestoreJobOutput, error) {
	known, keep := s.remember(c, "restore", in.IdempotencyToken)
	if j, ok := s.restores.Get(c.Place, known); ok {
		return &backup.StartRestoreJobOutput{RestoreJobId: &j.id}, nil
	}
	p, err := s.find(c, in.RecoveryPointArn, nil)
	switch {
	case err != nil:
		return nil, err
	case len(in.Metadata) == 0:
		return nil, missing("Metadata")
	case aws.ToString(in.IamRoleArn) == "":
		return nil, missing("IamRoleArn")
	case !usable(p.status(c.Now)):
		return nil, refused("the recovery point is " + string(p.status(c.Now)))
	}
	j := &restoreJob{id: newJobID(c), created: c.Now, role: *in.IamRoleArn, point: p}
	took := c.Between(10*time.Minute, 60*time.Minute, "restore", j.id)
	if p.class(c.Now) == types.StorageClassCold {
		took += 12 * time.Hour
	}
	j.progress = c.Begin(string(p.of.Kind), string(driver.Restore), j.id, took, "")
	j.made, err = c.Rebuild(cloud.Rebuild{Of: p.of, Point: p.arn, JobID: j.id, Metadata: maps.Clone(in.Metadata), Progress: j.progress})
	if err != nil {
		j.progress.Failure = err.Error()
	}
	s.restores.Put(c.Place, j.id, j)
	keep(j.id)
	return &backup.StartRestoreJobOutput{RestoreJobId: &j.id}, nil
}

// usable is whether a point can be copied and restored: a partial one, with what it has.
func usable(s types.RecoveryPointStatus) bool {
	return s == types.RecoveryPointStatusCompleted || s == types.RecoveryPointStatusPartial
}

func (j *restoreJob) describe(now time.Time) types.RestoreJobsListMember {
	out := types.RestoreJobsListMember{
		RestoreJobId: &j.id, CreationDate: &j.created, RecoveryPointArn: &j.point.arn, ResourceType: &j.point.of.Type,
		SourceResourceArn: &j.point.of.ARN, IamRoleArn: &j.role, Status: types.RestoreJobStatusRunning,
		PercentDone: aws.String(strconv.Itoa(j.progress.Percent(now)) + ".00%"),
	}
	switch {
	case j.progress.Failed(now):
		out.Status, out.StatusMessage, out.CompletionDate = types.RestoreJobStatusFailed, &j.progress.Failure, &j.progress.End
	case j.progress.Succeeded(now):
		out.Status, out.CreatedResourceArn, out.CompletionDate = types.RestoreJobStatusCompleted, &j.made, &j.progress.End
	}
	return out
}

func (s *Service) describeRestore(c *cloud.Call, in *backup.DescribeRestoreJobInput) (*backup.DescribeRestoreJobOutput, error) {
	j, ok := s.restores.Get(c.Place, aws.ToString(in.RestoreJobId))
	if !ok {
		return nil, notFound("Restore job", aws.ToString(in.RestoreJobId))
	}
	d := j.describe(c.Now)
	return &backup.DescribeRestoreJobOutput{
		RestoreJobId: d.RestoreJobId, Status: d.Status, StatusMessage: d.StatusMessage, CreatedResourceArn: d.CreatedResourceArn,
		RecoveryPointArn: d.RecoveryPointArn, ResourceType: d.ResourceType, CreationDate: d.CreationDate, PercentDone: d.PercentDone,
	}, nil
}

func (s *Service) listRestores(c *cloud.Call, in *backup.ListRestoreJobsInput) (*backup.ListRestoreJobsOutput, error) {
	seen := slices.DeleteFunc(s.restores.In(c.Place), func(j *restoreJob) bool {
		return !listed(c, j.created, in.ByCreatedAfter, in.ByCreatedBefore) || differs(in.ByResourceType, j.point.of.Type)
	})
	page, next, err := pageOf(seen, func(j *restoreJob) string { return newest(j.created, j.id) }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &backup.ListRestoreJobsOutput{NextToken: next}
	for _, j := range page {
		out.RestoreJobs = append(out.RestoreJobs, j.describe(c.Now))
	}
	return out, nil
}
