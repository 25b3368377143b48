package catalog

import (
	"fmt"
	"maps"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// NewBackup returns the job that backs up r under id, created at now by by. The caller
// fills in what the rule adds (Plan, Rule, FireAt, Spec, StartBy, CompleteBy).
func NewBackup(id string, r resource.Resource, partition, by string, now time.Time) Job {
	return Job{
		ID: id, Type: driver.Backup, State: Created, ChainID: id,
		Kind: r.Kind, Partition: partition, Account: r.Account, Region: r.Region, ResourceARN: r.ARN,
		CreatedAt: now, CreatedBy: by, Progress: -1,
	}
}

// newFromPoint is what copies, restores and expiries of p have in common.
func newFromPoint(id string, op driver.Operation, p RecoveryPoint, by string, now time.Time) Job {
	return Job{
		ID: id, Type: op, State: Created, PointID: p.ID, ChainID: p.ChainID, ParentID: p.ID,
		Kind: p.Kind, Engine: p.Engine, Partition: p.Partition, Account: p.Account, Region: p.Region, ResourceARN: p.ResourceARN,
		Plan: p.Plan, Rule: p.Rule, CreatedAt: now, CreatedBy: by, Progress: -1,
	}
}

// NewCopy returns the job that copies p as c asks.
func NewCopy(id string, p RecoveryPoint, c CopySpec, tags map[string]string, by string, now time.Time) Job {
	j := newFromPoint(id, driver.Copy, p, by, now)
	j.Account, j.Region = c.Account, c.Region
	j.Spec = Spec{Vault: c.Vault, ColdAfter: c.ColdAfter, DeleteAfter: c.DeleteAfter, Counted: c.Counted, KMSKeyID: c.KMSKeyID, Tags: tags}
	return j
}

// NewRestore returns the job that restores p into scope with the given overrides.
func NewRestore(id string, p RecoveryPoint, scope resource.Scope, parameters map[string]string, by string, now time.Time) Job {
	j := newFromPoint(id, driver.Restore, p, by, now)
	j.Account, j.Region, j.Plan, j.Rule = scope.Account, scope.Region, "", ""
	j.Spec = Spec{Parameters: parameters}
	return j
}

// NewMomentRestore returns the job that restores r, as it was at an instant, into scope from
// the continuous backups AWS keeps of it. It reads no recovery point.
func NewMomentRestore(id string, r resource.Resource, engine driver.Engine, scope resource.Scope, at time.Time, parameters map[string]string, by string, now time.Time) Job {
	j := NewBackup(id, r, scope.Partition, by, now)
	j.Type, j.Engine, j.Account, j.Region = driver.Restore, engine, scope.Account, scope.Region
	j.Spec = Spec{Parameters: parameters, RestoreAt: at}
	return j
}

// NewExpiry returns the job that deletes p; attempt is the point's ExpireAttempts.
func NewExpiry(p RecoveryPoint, by string, now time.Time) Job {
	return newFromPoint(ExpireJobID(p.ID, p.ExpireAttempts), driver.Expire, p, by, now)
}

// NewArchive returns the job that moves p to cold storage. Its Spec says how p is kept, in
// days from its creation.
func NewArchive(p RecoveryPoint, by string, now time.Time) Job {
	j := newFromPoint(ArchiveJobID(p.ID, p.ColdAttempts), driver.Archive, p, by, now)
	j.Spec = Spec{Vault: p.Vault, ColdAfter: daysBetween(p.CreatedAt, now), DeleteAfter: daysBetween(p.CreatedAt, p.DeleteAt)}
	return j
}

// daysBetween counts whole days, at least one; 0 where there is no end.
func daysBetween(from, to time.Time) int {
	if to.IsZero() {
		return 0
	}
	return max(int(to.Sub(from).Hours()/24), 1)
}

// NewRetry returns a new job that tries again what the ended job old was to do. A
// terminal state is final: the retry has an id of its own, derived from old's.
func NewRetry(old Job, by string, now time.Time) (Job, error) {
	switch {
	case !old.State.Terminal():
		return Job{}, fmt.Errorf("job %s is %s: only a job that has ended can be retried", old.ID, old.State)
	case old.State == Completed:
		return Job{}, fmt.Errorf("job %s is COMPLETED: there is nothing to retry", old.ID)
	}
	j := Job{
		ID: RetryJobID(old.ID, 1), Type: old.Type, State: Created, RetryOf: old.ID,
		Kind: old.Kind, Engine: old.Engine, Partition: old.Partition, Account: old.Account, Region: old.Region,
		ResourceARN: old.ResourceARN, PointID: old.PointID, Plan: old.Plan, Rule: old.Rule, FireAt: old.FireAt,
		ChainID: old.ChainID, ParentID: old.ParentID, CreatedBy: by, Spec: old.Spec, CreatedAt: now, Progress: -1,
	}
	j.Spec.Parameters = maps.Clone(old.Spec.Parameters)
	return j, nil
}

// After returns the job as it begins no earlier than wait after its creation.
func (j Job) After(wait time.Duration) Job {
	if wait > 0 {
		j.RetryAt = j.CreatedAt.Add(wait)
	}
	return j
}

// Mark returns what the job's artefact is marked with on AWS.
func (j Job) Mark(installation string) driver.Mark {
	return driver.Mark{
		Installation: installation, JobID: j.ID, SourceARN: j.ResourceARN,
		Plan: j.Plan, Rule: j.Rule, CreatedAt: j.CreatedAt, DeleteAfter: j.DeleteAt(),
	}
}

// DeleteAt returns when the artefact of a backup or copy is to be deleted; zero: never.
// Days count from the creation of the job, which is what the mark on AWS says too.
func (j Job) DeleteAt() time.Time {
	if j.Spec.DeleteAfter <= 0 {
		return time.Time{}
	}
	return j.CreatedAt.AddDate(0, 0, j.Spec.DeleteAfter)
}

// ColdAt returns when the artefact of a backup or copy is to move to cold storage; zero: never.
func (j Job) ColdAt() time.Time {
	if j.Spec.ColdAfter <= 0 {
		return time.Time{}
	}
	return j.CreatedAt.AddDate(0, 0, j.Spec.ColdAfter)
}

// CompletedPoint returns the recovery point that job, a backup or copy, left: seen is
// what AWS shows, source the resource as recorded for restores.
func CompletedPoint(job Job, seen driver.Point, source resource.Resource, installation string, now time.Time) RecoveryPoint {
	created := seen.CreatedAt
	if created.IsZero() {
		created = job.StartedAt
	}
	return RecoveryPoint{
		ID: job.ID, State: Available, Kind: job.Kind, Engine: job.Engine, Partition: job.Partition, Account: job.Account, Region: job.Region,
		ResourceARN: job.ResourceARN, ARN: seen.ARN, Ref: seen.Ref, Vault: job.Spec.Vault, Plan: job.Plan, Rule: job.Rule,
		ChainID: job.ChainID, ParentID: job.ParentID, CreatedAt: created, CompletedAt: now, DeleteAt: job.DeleteAt(), Counted: job.Spec.Counted,
		SizeBytes: seen.SizeBytes, Encrypted: seen.Encrypted, KMSKeyID: seen.KMSKeyID, Cold: seen.Cold,
		Source: source, Installation: installation,
	}
}

// transitDays is how long a copy lives that was made on the way to another one. That one's
// hold on it ends with the copy, and the guard on last good points keeps the newest.
const transitDays = 1

// Route returns the first copy on the way of p to where c asks, and those that follow it:
// c alone, or one in between, which is then followed by c. In between lies the place where
// the kind's path changes direction, or p's own when what AWS's key encrypts must be
// encrypted with another before it may leave the account. Whatever is encrypted and stays
// in the account on its way out of it gets that key.
func Route(p RecoveryPoint, c CopySpec, facts driver.Descriptor) (first CopySpec, then []CopySpec) {
	via, stops := facts.CopyPath.Via(p.Scope(), resource.Scope{Partition: p.Partition, Account: c.Account, Region: c.Region})
	outward := c.Account != p.Account && p.Encrypted && facts.CustomerKeyAbroad
	if outward && !c.Rekeyed && driver.IsAWSManagedKey(p.KMSKeyID) && (!stops || via.Account != p.Account) {
		via, stops = p.Scope(), true
	}
	if !stops {
		return c, nil
	}
	first = CopySpec{Account: via.Account, Region: via.Region, Vault: c.Vault, DeleteAfter: transitDays}
	if outward && via.Account == p.Account {
		first.KMSKeyID, c.Rekeyed = driver.TransitKey, true
	}
	return first, []CopySpec{c}
}

// maxStops bounds a way: there is a copy for the key, one for the account and one for the region.
const maxStops = 3

// Way returns all copies on the way of p to where c asks, c last.
func Way(p RecoveryPoint, c CopySpec, facts driver.Descriptor) (way []CopySpec) {
	for range maxStops {
		first, then := Route(p, c, facts)
		way = append(way, first)
		if len(then) == 0 {
			break
		}
		p.Account, p.Region, p.KMSKeyID = first.Account, first.Region, first.KMSKeyID
		c = then[0]
	}
	return way
}

// FollowUpCopies returns the copy jobs that follow a completed backup, or copy on its way.
// When the kind cannot copy they are born FAILED, so that a missing copy is seen, counted
// and alerted on, never silent.
func FollowUpCopies(job Job, point RecoveryPoint, facts driver.Descriptor, now time.Time) []Job {
	jobs := make([]Job, 0, len(job.Spec.Copies))
	for hop, c := range job.Spec.Copies {
		first, then := Route(point, c, facts)
		follow := NewCopy(CopyJobID(job.ID, hop+1, c), point, first, job.Spec.Tags, job.CreatedBy, now)
		follow.FireAt, follow.Spec.Priority, follow.Spec.Copies = job.FireAt, job.Spec.Priority, then
		if !facts.CopyRegion && !facts.CopyAccount {
			follow.State, follow.EndedAt, follow.PointID = Failed, now, ""
			follow.Class = failure.Unsupported
			follow.Message = fmt.Sprintf("%s cannot be copied by the %s engine: leave the copy action out or use another engine (`holdfast driver list`)", job.Kind, job.Engine)
		}
		jobs = append(jobs, follow)
	}
	return jobs
}
