package awsbackup

import (
	"context"

	"holdfast/driver"
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
	// Discover is driver.Driver's, DiscoverActions the IAM actions it needs.
	Discover        func(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error
	DiscoverActions []string
	// Options returns the kind's backup options of r; nil when there are none.
	Options func(r resource.Resource) map[string]string
	Restore Restoration
}

// Restoration is what a kind adds to a restore by AWS Backup.
type Restoration interface {
	// Parameters lists the parameters a restore takes.
	Parameters() []driver.Parameter
	// Actions are the IAM actions of Finish.
	Actions() []string
	// Recorded returns the values of parameters recorded in the settings of r.
	Recorded(r resource.Resource) map[string]string
	// Metadata returns what StartRestoreJob is told over the metadata of the point itself,
	// and notes what is wrong with the values. An empty value takes one of the point's out.
	Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string
	// Calls lists what Finish will call, for plans.
	Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error)
	// Finish marks and completes the resource whose ARN AWS Backup names, as
	// driver.Restorer's FinishRestore.
	Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, arn string) error
}
