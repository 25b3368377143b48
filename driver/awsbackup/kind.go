package awsbackup

import (
	"context"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/internal/parameters"
	"holdfast/resource"
)

// Kind is what the engine must know of one kind of resource.
type Kind struct {
	Kind       resource.Kind
	Title      string // as in driver.Descriptor
	ARNPattern string // as in driver.Descriptor
	// Type is AWS Backup's own name of the kind: EFS, S3, VirtualMachine.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html
	Type string
	// ColdStorage is whether points of the kind can move to cold storage.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
	ColdStorage bool
	// OptIn is whether moving them there takes the opt-in of archives.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html
	OptIn bool
	// Advanced is whether points of the kind are AWS Backup's own only in regions where the
	// account switched that on; elsewhere a backup is refused.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html
	Advanced bool
	// Steady is whether AWS cannot stop a backup job of the kind.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StopBackupJob.html
	Steady bool
	// KeysOf is the service whose keys encrypt points that are its artefacts, ebs or fsx; ""
	// where AWS Backup makes the points itself, which then have the key of their vault.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
	KeysOf string
	// Points has the tags of recovery points that are artefacts of the kind's own service;
	// nil where AWS Backup makes the points itself.
	Points PointTags
	// Discover is driver.Driver's, DiscoverActions the IAM actions it needs.
	Discover        func(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error
	DiscoverActions []string
	// Unseen is driver.Descriptor's.
	Unseen map[string]string
	// DiscoverCalls are the operations behind Discover that a failed listing must show in,
	// TagCalls those behind Points.Tags, and Exempt the checks that cannot apply to the
	// kind, with reasons: for conformance.Wiring.
	DiscoverCalls, TagCalls []string
	// Emulated has what moto does right of the kind, for conformance.Wiring.
	Emulated []conformance.Ability
	Exempt   map[string]string
	// Ready says why AWS would fail a backup of r at the moment, class busy, where a call can
	// tell that before the job; nil where none does.
	Ready func(ctx context.Context, scope resource.Scope, r resource.Resource) error
	// BackupOptions are AWS Backup's options for backups of the kind.
	// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_AdvancedBackupSetting.html
	BackupOptions []string
	Restore       Restoration
}

// Restoration is what a kind adds to a restore by AWS Backup.
type Restoration interface {
	// Parameters lists the parameters a restore takes.
	Parameters() []driver.Parameter
	// Actions are the IAM actions of Finish.
	Actions() []string
	// Recorded returns the values of parameters recorded in the settings of req.Resource,
	// as far as they mean anything where the restore goes.
	Recorded(req driver.RestoreRequest) map[string]string
	// Metadata returns what StartRestoreJob is told over the metadata of the point itself,
	// and notes what is wrong with the values. An empty value takes one of the point's out.
	Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string
	// Calls lists what Finish will call, for plans.
	Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error)
	// Finish marks and completes the resource whose ARN AWS Backup names, as
	// driver.Restorer's FinishRestore.
	Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, arn string) error
}

// Retyped is a Restoration of which AWS Backup makes, with some values, a resource of another
// type than the kind's.
type Retyped interface {
	// RestoreType returns AWS Backup's name of what is made; "" for the kind's own.
	RestoreType(v *parameters.Values) string
}

// PointTags reads and writes the tags of recovery points that are artefacts of another
// service, as snapshots of volumes are: AWS Backup refuses to.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListTags.html
type PointTags interface {
	// Tags returns the tags of points by ARN; one that does not exist is absent.
	Tags(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arns []string) (map[string]map[string]string, error)
	// Tag puts tags on a point, acting for purpose; class not_found while AWS does not show it.
	Tag(ctx context.Context, scope resource.Scope, purpose resource.Purpose, arn string, tags map[string]string) error
	// Actions are the IAM actions of reading and writing.
	Actions() (read, write []string)
}
