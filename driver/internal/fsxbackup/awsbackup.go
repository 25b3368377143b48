package fsxbackup

import (
	"context"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/parameters"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// NewAWSBackup returns the driver of kind through AWS Backup. Its points are backups of a
// type of their own, which AWS Backup alone may delete.
func NewAWSBackup(kind Kind, sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	native := New(kind, sessions)
	tags := pointTags{of: kind.Type, clients: native.clients}
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: kind.Kind, Title: kind.Title, ARNPattern: native.Descriptor().ARNPattern, Type: "FSx", Steady: true, KeysOf: "fsx",
		Discover: native.Discover, DiscoverActions: native.discoverActions(),
		DiscoverCalls: []string{"DescribeFileSystems", "DescribeNetworkInterfaces"}, TagCalls: []string{"DescribeBackups"},
		Points: tags, Restore: restoration{native, tags},
	})
}

// restoration is a restore by AWS Backup into a new file system.
type restoration struct {
	native *Driver
	tags   pointTags
}

// Parameters are those of FSx's own restore.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-fsx.html
func (r restoration) Parameters() []driver.Parameter { return r.native.parameters() }

// Actions are what Finish calls.
func (restoration) Actions() []string { return []string{"fsx:TagResource"} }

// Recorded returns what the file system was like.
func (restoration) Recorded(req driver.RestoreRequest) map[string]string {
	was, err := recorded(req.Resource)
	if err != nil {
		return nil
	}
	return was
}

// Metadata are the input of FSx's own restore, with the configuration as JSON. The capacity
// is the point's.
func (r restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	in := *r.native.inputOf(req, v)
	in.BackupId, in.ClientRequestToken, in.Tags = nil, nil, nil
	metadata := awsbackup.Metadata(in)
	if in.KmsKeyId == nil {
		metadata["KmsKeyId"] = "" // the point has the source's
	}
	return metadata
}

// Calls lists what Finish will do.
func (restoration) Calls(req driver.RestoreRequest, _ *parameters.Values) ([]driver.Call, error) {
	call, err := parameters.Call("fsx:TagResource", tagInput("the new file system", restoredTags(req)))
	return []driver.Call{call}, err
}

// Finish marks the file system. Doing so again changes nothing.
func (r restoration) Finish(ctx context.Context, req driver.RestoreRequest, _ *parameters.Values, arn string) error {
	return r.tags.Tag(ctx, req.Scope, resource.ForRestore, arn, restoredTags(req))
}
