package awsbackup

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// clockSkew is how much AWS's clock may be behind ours.
const clockSkew = time.Minute

// Look observes jobs in the listing of those made since req.Since, and deletions by the
// recovery points themselves.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	if len(req.Refs) > lookMax {
		return nil, failure.Errorf(failure.Internal, "look at %d references at once, more than %d", len(req.Refs), lookMax)
	}
	if len(req.Refs) == 0 {
		return map[driver.Ref]driver.Status{}, nil
	}
	if req.Operation == driver.Copy {
		return d.lookAtCopies(ctx, req)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForDiscover)
	if err != nil {
		return nil, err
	}
	switch req.Operation {
	case driver.Expire:
		return d.lookAtDeleted(ctx, client, req.Refs)
	case driver.Archive:
		return d.lookAtCold(ctx, client, req.Refs)
	case driver.Restore:
		return search(ctx, byID(req.Refs), "RestoreJob", d.restoreJobs(client, since(req)), oneRestore(client))
	default:
		seen, err := search(ctx, byID(req.Refs), "BackupJob", d.backupJobs(client, since(req)), oneBackup(client))
		if err != nil {
			return nil, err
		}
		return seen, d.keys.Statuses(ctx, req.Scope, seen)
	}
}

func since(req driver.LookRequest) *time.Time {
	if req.Since.IsZero() {
		return nil
	}
	return aws.Time(req.Since.Add(-clockSkew))
}

// byID maps job ids to references; they are the same but for copies.
func byID(refs []driver.Ref) map[string]driver.Ref {
	wanted := make(map[string]driver.Ref, len(refs))
	for _, ref := range refs {
		wanted[string(ref)] = ref
	}
	return wanted
}

// page calls see for every job of one page and returns the token of the next, "" at the end.
type page func(ctx context.Context, token *string, see func(id string, s driver.Status)) (next *string, err error)

// one observes a single job.
type one func(ctx context.Context, id string) (driver.Status, error)

// search reads pages until every wanted job was seen. Those that are not in the listing,
// which goes back 30 days, are asked for one by one, a few in each look.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupJobs.html
func search(ctx context.Context, wanted map[string]driver.Ref, what string, read page, describe one) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(wanted))
	var token *string
	for {
		next, err := read(ctx, token, func(id string, s driver.Status) {
			if ref, ok := wanted[id]; ok {
				seen[ref] = s
			}
		})
		if err != nil {
			return nil, wrap("List"+what+"s", err)
		}
		if token = next; aws.ToString(token) == "" || len(seen) == len(wanted) {
			break
		}
	}
	return seen, unlisted(ctx, wanted, seen, what, describe)
}

// unlisted adds to seen what the listing lacked. A job that AWS does not know either is left
// out: it may be too young to be shown.
func unlisted(ctx context.Context, wanted map[string]driver.Ref, seen map[driver.Ref]driver.Status, what string, describe one) error {
	asked := 0
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if _, ok := seen[wanted[id]]; ok || asked == maxDescribed {
			continue
		}
		asked++
		status, err := describe(ctx, id)
		switch described := wrap("Describe"+what, err); {
		case failure.Is(described, failure.NotFound):
		case err != nil:
			return described
		default:
			seen[wanted[id]] = status
		}
	}
	return nil
}

func oneBackup(client jobs) one {
	return func(ctx context.Context, id string) (driver.Status, error) {
		j, err := client.DescribeBackupJob(ctx, &backup.DescribeBackupJobInput{BackupJobId: &id})
		if err != nil {
			return driver.Status{}, err
		}
		return backupStatus(types.BackupJob{
			State: j.State, StatusMessage: j.StatusMessage, MessageCategory: j.MessageCategory, PercentDone: j.PercentDone,
			BackupVaultName: j.BackupVaultName, RecoveryPointArn: j.RecoveryPointArn, CreationDate: j.CreationDate,
			BackupSizeInBytes: j.BackupSizeInBytes, IsEncrypted: j.IsEncrypted, EncryptionKeyArn: j.EncryptionKeyArn,
		}), nil
	}
}

func oneCopy(client jobs) one {
	return func(ctx context.Context, id string) (driver.Status, error) {
		j, err := client.DescribeCopyJob(ctx, &backup.DescribeCopyJobInput{CopyJobId: &id})
		if err != nil {
			return driver.Status{}, err
		}
		return copyStatus(*j.CopyJob), nil
	}
}

func oneRestore(client jobs) one {
	return func(ctx context.Context, id string) (driver.Status, error) {
		j, err := client.DescribeRestoreJob(ctx, &backup.DescribeRestoreJobInput{RestoreJobId: &id})
		if err != nil {
			return driver.Status{}, err
		}
		return restoreStatus(types.RestoreJobsListMember{Status: j.Status, StatusMessage: j.StatusMessage, PercentDone: j.PercentDone}), nil
	}
}

func (d *Driver) backupJobs(client jobs, since *time.Time) page {
	return func(ctx context.Context, token *string, see func(string, driver.Status)) (*string, error) {
		out, err := client.ListBackupJobs(ctx, &backup.ListBackupJobsInput{
			ByCreatedAfter: since, ByResourceType: &d.kind.Type, MaxResults: aws.Int32(lookMax), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		for _, j := range out.BackupJobs {
			see(aws.ToString(j.BackupJobId), backupStatus(j))
		}
		return out.NextToken, nil
	}
}

// backupStatus maps every state of a backup job.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html
func backupStatus(j types.BackupJob) driver.Status {
	s := driver.Status{Progress: percent(j.PercentDone), Message: aws.ToString(j.StatusMessage)}
	switch j.State {
	case types.BackupJobStateCompleted:
		s.State = driver.Succeeded
	case types.BackupJobStatePartial:
		s.State = driver.Partial
	case types.BackupJobStateFailed, types.BackupJobStateAborted, types.BackupJobStateExpired:
		return failed(string(j.State), j.MessageCategory, s.Message)
	default: // CREATED, PENDING, RUNNING, ABORTING, and what AWS adds
		return driver.Status{State: driver.Pending, Progress: s.Progress}
	}
	s.Progress, s.Class = 100, categories[aws.ToString(j.MessageCategory)]
	s.Point = driver.Point{
		Ref: pointRef(aws.ToString(j.BackupVaultName), aws.ToString(j.RecoveryPointArn)), ARN: aws.ToString(j.RecoveryPointArn),
		CreatedAt: aws.ToTime(j.CreationDate), SizeBytes: aws.ToInt64(j.BackupSizeInBytes),
		Encrypted: j.IsEncrypted, KMSKeyID: aws.ToString(j.EncryptionKeyArn),
	}
	return s
}

// failed is the status of a job that made nothing.
func failed(state string, category *string, message string) driver.Status {
	if message == "" {
		message = "the job of AWS Backup is " + state + " and gives no reason"
	}
	return driver.Status{
		State: driver.Failed, Progress: -1, Message: state + ": " + message, Class: categories[aws.ToString(category)],
	}
}

// percent reads "73.5" or "73.50%"; -1 when it is neither.
func percent(text *string) int {
	value, err := strconv.ParseFloat(strings.TrimSuffix(aws.ToString(text), "%"), 64)
	if err != nil || value < 0 || value > 100 {
		return -1
	}
	return int(value)
}

// lookAtCopies asks each place where copies were started about its own.
func (d *Driver) lookAtCopies(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	from := map[resource.Scope]map[string]driver.Ref{}
	for _, ref := range req.Refs {
		source, id, err := splitCopy(ref, req.Scope.Partition)
		if err != nil {
			return nil, err
		}
		if from[source] == nil {
			from[source] = map[string]driver.Ref{}
		}
		from[source][id] = ref
	}
	all := make(map[driver.Ref]driver.Status, len(req.Refs))
	for source, wanted := range from {
		client, err := d.clients.Get(ctx, source, resource.ForDiscover)
		if err != nil {
			return nil, err
		}
		seen, err := search(ctx, wanted, "CopyJob", d.copyJobs(client, since(req)), oneCopy(client))
		if err != nil {
			return nil, err
		}
		maps.Copy(all, seen)
	}
	if d.keys == nil {
		return all, nil
	}
	return all, d.vaultKeys.Statuses(ctx, req.Scope, all)
}

func (d *Driver) copyJobs(client jobs, since *time.Time) page {
	return func(ctx context.Context, token *string, see func(string, driver.Status)) (*string, error) {
		out, err := client.ListCopyJobs(ctx, &backup.ListCopyJobsInput{
			ByCreatedAfter: since, ByResourceType: &d.kind.Type, MaxResults: aws.Int32(lookMax), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		for _, j := range out.CopyJobs {
			see(aws.ToString(j.CopyJobId), copyStatus(j))
		}
		return out.NextToken, nil
	}
}

// copyStatus maps every state of a copy job. AWS gives copies no progress.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CopyJob.html
func copyStatus(j types.CopyJob) driver.Status {
	s := driver.Status{Progress: 100, Message: aws.ToString(j.StatusMessage), Class: categories[aws.ToString(j.MessageCategory)]}
	switch j.State {
	case types.CopyJobStateCompleted:
		s.State = driver.Succeeded
	case types.CopyJobStatePartial:
		s.State = driver.Partial
	case types.CopyJobStateFailed:
		return failed(string(j.State), j.MessageCategory, s.Message)
	default: // CREATED, RUNNING, and what AWS adds
		return driver.Status{State: driver.Pending, Progress: -1}
	}
	arn, key := aws.ToString(j.DestinationRecoveryPointArn), aws.ToString(j.DestinationEncryptionKeyArn)
	s.Point = driver.Point{
		Ref: pointRef(vaultOfARN(aws.ToString(j.DestinationBackupVaultArn)), arn), ARN: arn,
		CreatedAt: aws.ToTime(j.CreationDate), SizeBytes: aws.ToInt64(j.BackupSizeInBytes), Encrypted: key != "", KMSKeyID: key,
	}
	return s
}

func (d *Driver) restoreJobs(client jobs, since *time.Time) page {
	return func(ctx context.Context, token *string, see func(string, driver.Status)) (*string, error) {
		out, err := client.ListRestoreJobs(ctx, &backup.ListRestoreJobsInput{
			ByCreatedAfter: since, ByResourceType: &d.kind.Type, MaxResults: aws.Int32(lookMax), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		for _, j := range out.RestoreJobs {
			see(aws.ToString(j.RestoreJobId), restoreStatus(j))
		}
		return out.NextToken, nil
	}
}

// restoreStatus maps every status of a restore job. A completed one may say what it left
// out.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreJobsListMember.html
func restoreStatus(j types.RestoreJobsListMember) driver.Status {
	switch j.Status {
	case types.RestoreJobStatusCompleted:
		return driver.Status{State: driver.Succeeded, Progress: 100, Message: aws.ToString(j.StatusMessage)}
	case types.RestoreJobStatusFailed, types.RestoreJobStatusAborted:
		return failed(string(j.Status), nil, aws.ToString(j.StatusMessage))
	default: // PENDING, RUNNING, and what AWS adds
		return driver.Status{State: driver.Pending, Progress: percent(j.PercentDone)}
	}
}
