package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/driver/internal/rdssnap"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// NewAWSBackup returns the driver of DB instances through AWS Backup. Its points are
// snapshots of a type of their own, which AWS Backup alone may delete.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	native, tags := New(sessions), rdssnap.NewPointTags(sessions)
	facts := native.Descriptor()
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: facts.Kind, Title: facts.Title, ARNPattern: facts.ARNPattern, Type: "RDS", KeysOf: "rds", Steady: true,
		Discover: native.Discover, DiscoverActions: []string{"rds:DescribeDBInstances"},
		DiscoverCalls: []string{"DescribeDBInstances"}, TagCalls: []string{"ListTagsForResource"},
		Unseen: map[string]string{
			"rds:DescribeDBInstances": "a restore looks before it sets more", "rds:ModifyDBInstance": "only what AWS Backup cannot set at once is set so",
		},
		Points: tags, Restore: restoration{native, tags},
	})
}

// restoration is a restore by AWS Backup into a new DB instance, which is completed as one
// of RDS's own restore is.
type restoration struct {
	native *Driver
	tags   *rdssnap.PointTags
}

// Parameters are those of RDS's own restore.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-rds.html
func (restoration) Parameters() []driver.Parameter { return restoreParameters() }

// Actions are what Finish calls.
func (restoration) Actions() []string {
	return []string{"rds:AddTagsToResource", "rds:DescribeDBInstances", "rds:ModifyDBInstance"}
}

// Recorded returns what the instance was like.
func (restoration) Recorded(req driver.RestoreRequest) map[string]string {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil
	}
	return settings.recorded()
}

// Metadata are the input of RDS's own restore.
func (restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	fit(req, v)
	finishInput(v) // a mistake in what comes last is better known first
	metadata := awsbackup.Metadata(restoreInput(v))
	if v.Text("availability_zone") == "" {
		metadata["AvailabilityZone"] = "" // the point has the source's
	}
	return metadata
}

// Calls lists what Finish will do.
func (r restoration) Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error) {
	tag, err := parameters.Call("rds:AddTagsToResource", rdssnap.TagInput("the new DB instance", restoredTags(req)))
	calls := []driver.Call{tag}
	if in := finishInput(v); in != nil && err == nil {
		var modify driver.Call
		modify, err = parameters.Call("rds:ModifyDBInstance", in)
		calls = append(calls, modify)
	}
	return calls, err
}

func restoredTags(req driver.RestoreRequest) map[string]string {
	return marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
}

// Finish marks the instance and sets what a restore cannot.
func (r restoration) Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, arn string) error {
	if err := r.tags.Tag(ctx, req.Scope, resource.ForRestore, arn, restoredTags(req)); err != nil {
		return err
	}
	return r.native.FinishRestore(ctx, req, driver.Ref(aws.ToString(v.String("instance_identifier"))))
}
