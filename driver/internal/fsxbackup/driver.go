package fsxbackup

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/clients"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// LookMax is how many backups or file systems one call may name.
// Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_DescribeBackups.html
const LookMax = 50

// tokenKnown is how long a call is repeated with its token. AWS gives no figure; ten
// minutes outlast what interrupts a call.
const tokenKnown = 10 * time.Minute

// Kind is what the types of file systems differ in.
type Kind struct {
	Kind  resource.Kind
	Title string
	Type  types.FileSystemType
	// Linked is whether file systems may be linked to data repositories, which is then read.
	Linked bool
	// Unsupported says why a file system cannot be backed up, "" when it can.
	Unsupported func(f *types.FileSystem, linked bool) string
	// Parameters are those of a restore beyond the ones every type has.
	Parameters []driver.Parameter
	// Record returns what is recorded of a file system: values of Parameters.
	Record func(f *types.FileSystem) map[string]string
	// Local names recorded values that mean nothing in another region or account: groups
	// must be replaced there, others are left out.
	LocalGroups, LocalOthers []string
	// Configure puts the kind's values into the call that restores.
	Configure func(v *parameters.Values, in *fsx.CreateFileSystemFromBackupInput)
	// Restore are the IAM actions a restore needs beyond the ones every type has.
	Restore []string
	// Unseen is driver.Descriptor's.
	Unseen map[string]string
	// Copies is the page with the limit on copies in progress.
	Copies string
	// Emulated has what moto does right, for conformance.Wiring.
	Emulated []conformance.Ability
}

// Driver is the driver of one type of file systems. It is safe for concurrent use.
type Driver struct {
	kind     Kind
	clients  *clients.Pool[api]
	networks *clients.Pool[network]
}

var (
	_ driver.Driver   = (*Driver)(nil)
	_ driver.Copier   = (*Driver)(nil)
	_ driver.Restorer = (*Driver)(nil)
)

// New returns a driver of kind that takes its AWS configurations from sessions.
func New(kind Kind, sessions awssession.Provider) *Driver {
	return &Driver{kind: kind, clients: newClients(sessions), networks: newNetworks(sessions)}
}

// Descriptor returns the facts about the file systems and their backups. Settle is empty:
// every call that makes something takes a token.
func (d *Driver) Descriptor() driver.Descriptor {
	return driver.Descriptor{
		Kind: d.kind.Kind, Title: d.kind.Title,
		ARNPattern: "arn:*:fsx:*:*:file-system/*",
		CopyRegion: true,
		LookMax:    LookMax,
		Repeatable: map[driver.Operation]time.Duration{
			driver.Backup: tokenKnown, driver.Copy: tokenKnown, driver.Restore: tokenKnown,
		},
		Actions: d.actions(), Unseen: d.kind.Unseen,
		Quotas:  []driver.Quota{{Operation: driver.Copy, Limit: 5, Source: d.kind.Copies}},
		Restore: d.parameters(),
	}
}

// actions has read-only calls under discover alone: looking and finding use that role
// whatever the job is. FSx acts on keys and the network as the caller.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonfsx.html
func (d *Driver) actions() map[resource.Purpose][]string {
	return map[resource.Purpose][]string{
		resource.ForDiscover: sorted(d.discoverActions(), "fsx:DescribeBackups"),
		resource.ForBackup:   {"fsx:CreateBackup", "fsx:TagResource"},
		resource.ForCopy: {
			"fsx:CopyBackup", "fsx:TagResource", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey",
		},
		resource.ForRestore: sorted(d.kind.Restore, "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
			"fsx:CreateFileSystemFromBackup", "fsx:TagResource", "iam:CreateServiceLinkedRole",
			"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
		resource.ForExpire: {"fsx:DeleteBackup", "fsx:DescribeBackups"},
	}
}

// discoverActions are what the listing of file systems takes.
func (d *Driver) discoverActions() []string {
	actions := []string{"ec2:DescribeNetworkInterfaces", "fsx:DescribeFileSystems"}
	if d.kind.Linked {
		actions = append(actions, "fsx:DescribeDataRepositoryAssociations")
	}
	return actions
}

// systemID returns the id AWS's calls take for r.
func systemID(r resource.Resource) (string, error) {
	if r.Name != "" {
		return r.Name, nil
	}
	return idOf(r.ARN)
}

func idOf(arn string) (string, error) {
	if _, id, ok := strings.Cut(arn, ":file-system/"); ok && id != "" {
		return id, nil
	}
	return "", failure.Errorf(failure.Invalid, "%q is not the ARN of an FSx file system", arn)
}

// lastPart returns the id in an ARN of FSx's.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
