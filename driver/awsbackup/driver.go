package awsbackup

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/kmskeys"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

const (
	// lookMax is the most jobs one page of a listing has.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupJobs.html
	lookMax = 1000
	// defaultVault keeps the points of jobs that name no vault.
	defaultVault = "holdfast"
	// copiesAtOnce is how many copy jobs an account may have in a destination region.
	copiesAtOnce = 100
	// tokenKnown is how long a repeated token is sure to answer with the first job. AWS said
	// one hour when it gave a figure.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartRestoreJob.html
	tokenKnown = 45 * time.Minute
	limitsPage = "https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html"
)

// DefaultServiceRole is the role AWS Backup's console makes and uses when none is chosen.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
const DefaultServiceRole = "arn:{partition}:iam::{account}:role/service-role/AWSBackupDefaultServiceRole"

// Options are the engine's settings.
type Options struct {
	// ServiceRole is the ARN of the role AWS Backup itself works in, with {partition} and
	// {account} for those of the resource; "" is DefaultServiceRole.
	ServiceRole string
}

// Driver is the driver of one kind through AWS Backup. It is safe for concurrent use.
type Driver struct {
	kind    Kind
	role    string
	clients *clients.Pool[api]
	known   *vaultCache
	// keys are those points are made with, nil where AWS Backup makes them; vaultKeys those
	// of vaults, which copies have.
	keys, vaultKeys *kmskeys.Names
}

var (
	_ driver.Driver     = (*Driver)(nil)
	_ driver.Copier     = (*Driver)(nil)
	_ driver.CopyMarker = (*Driver)(nil)
	_ driver.Restorer   = (*Driver)(nil)
	_ driver.Canceler   = (*Driver)(nil)
)

// New returns the driver of a kind that takes its AWS configurations from sessions.
func New(sessions awssession.Provider, o Options, k Kind) *Driver {
	if o.ServiceRole == "" {
		o.ServiceRole = DefaultServiceRole
	}
	d := &Driver{
		kind: k, role: o.ServiceRole, clients: newClients(sessions), known: newVaultCache(), vaultKeys: kmskeys.New(sessions, "backup"),
	}
	if k.KeysOf != "" {
		d.keys = kmskeys.New(sessions, k.KeysOf)
	}
	return d
}

// serviceRole returns the role AWS Backup works in for a scope.
func (d *Driver) serviceRole(scope resource.Scope) *string {
	return aws.String(strings.NewReplacer("{partition}", scope.Partition, "{account}", scope.Account).Replace(d.role))
}

// Descriptor returns the facts about the kind under AWS Backup.
func (d *Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: d.kind.Kind, Engine: driver.AWSBackup, Title: d.kind.Title, ARNPattern: d.kind.ARNPattern,
		CopyRegion: true, CopyAccount: true, CustomerKeyAbroad: d.kind.KeysOf != "", LookMax: lookMax, Steady: d.kind.Steady,
		ColdStorage: d.kind.ColdStorage, ColdByAWS: d.kind.ColdStorage, Archive: d.kind.OptIn,
		Repeatable: map[driver.Operation]time.Duration{driver.Backup: tokenKnown, driver.Copy: tokenKnown, driver.Restore: tokenKnown},
		Unmarked:   true, BackupOptions: d.kind.BackupOptions,
		Actions: d.actions(), Unseen: d.kind.Unseen,
		Quotas:  []driver.Quota{{Operation: driver.Copy, Limit: copiesAtOnce, Source: limitsPage}},
		Restore: d.kind.Restore.Parameters(),
	}
}

// actions are AWS Backup's own and the kind's. Making a vault takes the rights on its key
// and its storage.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
func (d *Driver) actions() map[resource.Purpose][]string {
	vault := []string{
		"backup-storage:MountCapsule", "backup:CreateBackupVault", "backup:DescribeBackupVault", "backup:TagResource", "iam:PassRole",
		"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:RetireGrant",
	}
	read, write := d.tagActions()
	expire, cancel := []string{"backup:DeleteRecoveryPoint", "iam:CreateServiceLinkedRole"}, []string(nil)
	if d.kind.Points != nil { // the vault is asked about points whose artefact is gone
		expire = append(expire, "backup:DescribeRecoveryPoint")
	}
	if !d.kind.Steady {
		cancel = []string{"backup:DescribeBackupJob", "backup:StopBackupJob"}
	}
	return map[resource.Purpose][]string{
		resource.ForDiscover: sorted(d.kind.DiscoverActions, read, []string{
			"backup:DescribeBackupJob", "backup:DescribeCopyJob", "backup:DescribeRecoveryPoint", "backup:DescribeRestoreJob", "backup:ListBackupJobs", "backup:ListBackupVaults", "backup:ListCopyJobs",
			"backup:ListRecoveryPointsByBackupVault", "backup:ListRestoreJobs", kmskeys.Action,
		}),
		resource.ForBackup: sorted(vault, cancel, d.settingsActions(), []string{"backup:StartBackupJob"}),
		resource.ForCopy:   sorted(vault, write, []string{"backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "backup:StartCopyJob"}),
		resource.ForRestore: sorted(d.kind.Restore.Actions(), []string{
			"backup:DescribeRestoreJob", "backup:GetRecoveryPointRestoreMetadata", "backup:StartRestoreJob", "iam:PassRole",
		}),
		// Without the right to make its service-linked role AWS Backup answers 200 and keeps the point.
		// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteRecoveryPoint.html
		resource.ForExpire: sorted(read, d.coldActions(), expire),
	}
}

// tagActions are what reading and writing tags of points takes.
func (d *Driver) tagActions() (read, write []string) {
	if d.kind.Points != nil {
		return d.kind.Points.Actions()
	}
	return []string{"backup:ListTags"}, nil
}

func (d *Driver) coldActions() []string {
	if !d.kind.ColdStorage {
		return nil
	}
	return []string{"backup:UpdateRecoveryPointLifecycle"}
}

func (d *Driver) settingsActions() []string {
	if !d.kind.Advanced {
		return nil
	}
	return []string{"backup:DescribeRegionSettings"}
}

func sorted(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}
