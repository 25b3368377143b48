package awsbackup

import (
	"cmp"
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// PlanRestore plans the restore job and what completes the resource it makes. The metadata
// of the plan are what is told over those the point itself has.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	values, metadata, err := d.resolve(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	vault, arn, err := splitPoint(req.Point.Ref)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	recorded, err := parameters.Call("backup:GetRecoveryPointRestoreMetadata", metadataInput(vault, arn))
	if err != nil {
		return driver.RestorePlan{}, err
	}
	start, err := parameters.Call("backup:StartRestoreJob", d.restoreInput(req, arn, values, metadata))
	if err != nil {
		return driver.RestorePlan{}, err
	}
	last, err := d.kind.Restore.Calls(req, values)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	return values.Plan(append([]driver.Call{recorded, start}, last...)...)
}

// resolve returns the effective values and the metadata they come to; all that is wrong with
// them is one error.
func (d *Driver) resolve(req driver.RestoreRequest) (*parameters.Values, map[string]string, error) {
	values := parameters.Resolve(d.Descriptor(), d.kind.Restore.Recorded(req), req.Overrides)
	metadata := d.kind.Restore.Metadata(req, values)
	return values, metadata, values.Err()
}

func metadataInput(vault, arn string) *backup.GetRecoveryPointRestoreMetadataInput {
	return &backup.GetRecoveryPointRestoreMetadataInput{BackupVaultName: &vault, RecoveryPointArn: &arn}
}

func (d *Driver) restoreInput(req driver.RestoreRequest, arn string, v *parameters.Values, metadata map[string]string) *backup.StartRestoreJobInput {
	of := d.kind.Type
	if r, ok := d.kind.Restore.(Retyped); ok {
		of = cmp.Or(r.RestoreType(v), of)
	}
	return &backup.StartRestoreJobInput{
		RecoveryPointArn: &arn, Metadata: metadata, IamRoleArn: d.serviceRole(req.Scope),
		ResourceType: &of, IdempotencyToken: aws.String(req.Mark.Token()),
	}
}

// Restore begins a restore job with the metadata recorded in the point, changed as the plan
// says.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	values, metadata, err := d.resolve(req)
	if err != nil {
		return "", err
	}
	vault, arn, err := splitPoint(req.Point.Ref)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	recorded, err := client.GetRecoveryPointRestoreMetadata(ctx, metadataInput(vault, arn))
	if err != nil {
		return "", wrap("GetRecoveryPointRestoreMetadata", err)
	}
	out, err := client.StartRestoreJob(ctx, d.restoreInput(req, arn, values, merged(recorded.RestoreMetadata, metadata)))
	if err != nil {
		return "", wrap("StartRestoreJob", err)
	}
	return driver.Ref(aws.ToString(out.RestoreJobId)), nil
}

// merged puts changes over recorded; an empty value takes a recorded one out.
func merged(recorded, changes map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, recorded)
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// FinishRestore completes the resource the restore job says it made.
func (d *Driver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	values, _, err := d.resolve(req)
	if err != nil {
		return err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	job, err := client.DescribeRestoreJob(ctx, &backup.DescribeRestoreJobInput{RestoreJobId: aws.String(string(ref))})
	if err != nil {
		return wrap("DescribeRestoreJob", err)
	}
	made := aws.ToString(job.CreatedResourceArn)
	if made == "" {
		return failure.Errorf(failure.Busy, "restore job %s does not say yet what it made", ref)
	}
	return d.kind.Restore.Finish(ctx, req, values, made)
}
