package fsxbackup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/failure"
	"holdfast/resource"
)

// Start begins a backup of the file system.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	id, err := systemID(req.Resource)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForBackup)
	if err != nil {
		return "", err
	}
	out, err := client.CreateBackup(ctx, &fsx.CreateBackupInput{
		FileSystemId: aws.String(id), ClientRequestToken: aws.String(req.Mark.Token()), Tags: toTags(marktags.For(req.Mark, req.Tags)),
	})
	if err != nil {
		return "", wrap("CreateBackup", err)
	}
	return refOf(out.Backup)
}

func refOf(b *types.Backup) (driver.Ref, error) {
	if b == nil || aws.ToString(b.BackupId) == "" {
		return "", failure.Errorf(failure.Internal, "AWS answered without a backup")
	}
	return driver.Ref(*b.BackupId), nil
}

// Copy begins a copy of an available backup into another region of the account. It is
// encrypted with req.KMSKeyID or else the destination's own key for FSx.
func (d *Driver) Copy(ctx context.Context, req driver.CopyRequest) (driver.Ref, error) {
	if req.SourceScope.Account != req.Scope.Account {
		return "", failure.Errorf(failure.Unsupported,
			"copy backup %s of account %s into account %s: FSx copies inside an account only: use engine %s",
			req.Source.Ref, req.SourceScope.Account, req.Scope.Account, driver.AWSBackup)
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForCopy)
	if err != nil {
		return "", err
	}
	in := &fsx.CopyBackupInput{
		SourceBackupId: aws.String(string(req.Source.Ref)), SourceRegion: aws.String(req.SourceScope.Region),
		ClientRequestToken: aws.String(req.Mark.Token()), Tags: toTags(marktags.For(req.Mark, req.Tags)),
	}
	if req.KMSKeyID != "" {
		in.KmsKeyId = aws.String(req.KMSKeyID)
	}
	out, err := client.CopyBackup(ctx, in)
	if err != nil {
		return "", wrap("CopyBackup", err)
	}
	return refOf(out.Backup)
}

// Delete deletes the backup if it carries the installation's mark.
func (d *Driver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	client, err := d.clients.Get(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	found, err := describe(ctx, client, req.Ref)
	if failure.Is(err, failure.NotFound) || found != nil && found.Lifecycle == types.BackupLifecycleDeleted {
		return nil
	}
	if err != nil {
		return err
	}
	mark, ok := driver.MarkFromTags(fromTags(found.Tags))
	switch {
	case !ok || mark.Installation != req.Installation:
		return failure.Errorf(failure.Held, "backup %s does not carry the mark of installation %s", req.Ref, req.Installation)
	case found.Type == types.BackupTypeAwsBackup:
		return failure.Errorf(failure.Held, "backup %s was made by AWS Backup, which alone may delete it", req.Ref)
	}
	_, err = client.DeleteBackup(ctx, &fsx.DeleteBackupInput{
		BackupId: aws.String(string(req.Ref)), ClientRequestToken: aws.String(string(req.Ref)),
	})
	if err := wrap("DeleteBackup", err); !failure.Is(err, failure.NotFound) {
		return err
	}
	return nil
}

// describe returns one backup, or an error of class not_found.
func describe(ctx context.Context, client api, ref driver.Ref) (*types.Backup, error) {
	var found *types.Backup
	err := eachBackup(ctx, client, &fsx.DescribeBackupsInput{BackupIds: []string{string(ref)}}, func(b *types.Backup) error {
		found = b
		return nil
	})
	if err == nil && found == nil {
		err = failure.Errorf(failure.NotFound, "no backup %s", ref)
	}
	return found, err
}
