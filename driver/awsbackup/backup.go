package awsbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Discover lists the resources, which is the kind's own affair.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	return d.kind.Discover(ctx, scope, yield)
}

// Start begins a backup job. Its reference is the job's id.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	tags, err := pointTags(req)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	if err := d.managed(ctx, client, req.Scope, req.Mark.CreatedAt); err != nil {
		return "", err
	}
	if d.kind.Ready != nil {
		if err := d.kind.Ready(ctx, req.Scope, req.Resource); err != nil {
			return "", err
		}
	}
	vault := vaultAt(req.Scope, req.Vault)
	facts, err := d.vault(ctx, client, vault, req.Mark, "")
	if err != nil {
		return "", err
	}
	in := &backup.StartBackupJobInput{
		BackupVaultName: &vault.name, ResourceArn: &req.Resource.ARN, IamRoleArn: d.serviceRole(req.Scope),
		IdempotencyToken: aws.String(req.Mark.Token()), RecoveryPointTags: tags, Lifecycle: d.lifecycle(req.Lifecycle, facts),
	}
	for _, name := range d.kind.BackupOptions {
		if value := req.Options[name]; value != "" {
			if in.BackupOptions == nil {
				in.BackupOptions = map[string]string{}
			}
			in.BackupOptions[name] = value
		}
	}
	out, err := client.StartBackupJob(ctx, in)
	if err != nil {
		d.known.forget(vault)
		return "", wrap("StartBackupJob", err)
	}
	return driver.Ref(aws.ToString(out.BackupJobId)), nil
}

// lifecycle is what AWS is told of the life of a point: when it moves to cold storage, and
// when it is deleted only where a lock insists on that. nil leaves both out.
func (d *Driver) lifecycle(l driver.Lifecycle, vault vaultFacts) *types.Lifecycle {
	var told types.Lifecycle
	if l.ColdAfterDays > 0 {
		told.MoveToColdStorageAfterDays = aws.Int64(int64(l.ColdAfterDays))
		if d.kind.OptIn {
			told.OptInToArchiveForSupportedResources = aws.Bool(true)
		}
	}
	if l.DeleteAfterDays > 0 && vault.maxRetention {
		told.DeleteAfterDays = aws.Int64(int64(l.DeleteAfterDays))
	}
	if told == (types.Lifecycle{}) {
		return nil
	}
	return &told
}

// Cancel stops a backup job; AWS Backup cannot stop copies and restores, nor backups of
// some types.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StopBackupJob.html
func (d *Driver) Cancel(ctx context.Context, req driver.CancelRequest) error {
	if req.Operation != driver.Backup {
		return failure.Errorf(failure.Unsupported, "AWS Backup cannot stop a %s", req.Operation)
	}
	if d.kind.Steady {
		return failure.Errorf(failure.Unsupported, "AWS Backup cannot stop a backup of type %s", d.kind.Type)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return err
	}
	id := string(req.Ref)
	_, err = client.StopBackupJob(ctx, &backup.StopBackupJobInput{BackupJobId: &id})
	stopped := refusedAs(failure.Unsupported, "StopBackupJob", err)
	switch {
	case failure.Is(stopped, failure.Busy), failure.Is(stopped, failure.NotFound):
		return nil // it has ended, or ends already: the next look tells
	case !failure.Is(stopped, failure.Unsupported):
		return stopped
	}
	// AWS refuses what it cannot stop and what has ended alike.
	job, err := oneBackup(client)(ctx, id)
	if err == nil && job.State != driver.Pending {
		return nil
	}
	return stopped
}
