package awsbackup

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/driver/internal/refs"
	"holdfast/failure"
	"holdfast/resource"
)

// maxDescribed is how many points or jobs one look asks for one by one; for more deleted
// points it is cheaper to list their vaults.
const maxDescribed = 20

// Delete asks AWS to delete the point if it carries the installation's mark. AWS answers
// before it is done: Look tells whether it was. A vault lock or legal hold is class held.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteRecoveryPoint.html
func (d *Driver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	vault, arn, err := splitPoint(req.Ref)
	if err != nil {
		return err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForExpire)
	if err != nil {
		return err
	}
	err = d.owned(ctx, client, place{req.Scope, vault}, arn, req.Installation)
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = client.DeleteRecoveryPoint(ctx, &backup.DeleteRecoveryPointInput{BackupVaultName: &vault, RecoveryPointArn: &arn})
	return deletion(err)
}

// owned returns an error of class held unless the point carries the installation's mark.
func (d *Driver) owned(ctx context.Context, client points, in place, arn, installation string) error {
	tags, err := d.tagsOf(ctx, client, in, resource.ForExpire, arn)
	if err != nil {
		return err
	}
	if mark, ok := driver.MarkFromTags(tags); !ok || mark.Installation != installation {
		return failure.Errorf(failure.Held, "recovery point %s does not carry the mark of installation %s", arn, installation)
	}
	return nil
}

// deletion classes what AWS says to a deletion. The request has nothing in it that could be
// wrong, so what is called invalid is a lock or a hold; either may come as denied too.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
func deletion(err error) error {
	asked := refusedAs(failure.Held, "DeleteRecoveryPoint", err)
	text := ""
	if asked != nil {
		text = strings.ToLower(asked.Error())
	}
	switch {
	case failure.Is(asked, failure.NotFound):
		return nil
	case failure.Is(asked, failure.Denied) && (strings.Contains(text, "lock") || strings.Contains(text, "legal hold")):
		return failure.Errorf(failure.Held, "a vault lock or legal hold keeps the recovery point: %w", err)
	default:
		return asked
	}
}

// lookAtDeleted observes deletions: few by name, many in the listings of their vaults.
func (d *Driver) lookAtDeleted(ctx context.Context, client points, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	byVault := map[string]map[string]driver.Ref{}
	for _, ref := range asked {
		vault, arn, err := splitPoint(ref)
		if err != nil {
			return nil, err
		}
		if byVault[vault] == nil {
			byVault[vault] = map[string]driver.Ref{}
		}
		byVault[vault][arn] = ref
	}
	seen := make(map[driver.Ref]driver.Status, len(asked))
	failures := map[driver.Ref]driver.Status{}
	note := func(ref driver.Ref, s types.RecoveryPointStatus, message *string) {
		seen[ref] = driver.Status{State: driver.Pending, Progress: -1}
		if s == types.RecoveryPointStatusExpired {
			failures[ref] = notDeleted(message)
		}
	}
	for vault, wanted := range byVault {
		look := d.describeEach
		if len(asked) > maxDescribed {
			look = d.listVault
		}
		if err := look(ctx, client, vault, wanted, note); err != nil {
			return nil, err
		}
	}
	refs.Deleted(asked, seen)
	maps.Copy(seen, failures)
	return seen, nil
}

// notDeleted is what becomes of a deletion AWS accepted and could not carry out: the point
// stays, EXPIRED, and is billed.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
func notDeleted(message *string) driver.Status {
	text := "AWS Backup accepted the deletion and left the recovery point EXPIRED: " +
		"give the role for expire iam:CreateServiceLinkedRole, or see whether the vault's access policy forbids it"
	if said := aws.ToString(message); said != "" {
		text += " (" + said + ")"
	}
	return driver.Status{State: driver.Failed, Progress: -1, Class: failure.Denied, Message: text}
}

type noteStatus func(ref driver.Ref, s types.RecoveryPointStatus, message *string)

func (d *Driver) describeEach(ctx context.Context, client points, vault string, wanted map[string]driver.Ref, note noteStatus) error {
	for arn, ref := range wanted {
		out, err := client.DescribeRecoveryPoint(ctx, &backup.DescribeRecoveryPointInput{BackupVaultName: &vault, RecoveryPointArn: &arn})
		switch described := wrap("DescribeRecoveryPoint", err); {
		case failure.Is(described, failure.NotFound):
		case err != nil:
			return described
		default:
			note(ref, out.Status, out.StatusMessage)
		}
	}
	return nil
}

func (d *Driver) listVault(ctx context.Context, client points, vault string, wanted map[string]driver.Ref, note noteStatus) error {
	return d.eachPage(ctx, client, vault, func(page []types.RecoveryPointByBackupVault) error {
		for _, p := range page {
			if ref, ok := wanted[aws.ToString(p.RecoveryPointArn)]; ok {
				note(ref, p.Status, p.StatusMessage)
			}
		}
		return nil
	})
}
