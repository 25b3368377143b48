package rdscluster

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

// NewAWSBackup returns the driver of kind through AWS Backup, where the kind is called name.
// Its points are snapshots of a type of their own, which AWS Backup alone may delete.
func NewAWSBackup(kind Kind, name string, sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	native, tags := New(kind, sessions), rdssnap.NewPointTags(sessions)
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: kind.Kind, Title: kind.Title, ARNPattern: native.Descriptor().ARNPattern, Type: name, KeysOf: "rds", Steady: true,
		Discover: native.Discover, DiscoverActions: []string{"rds:DescribeDBClusters", "rds:DescribeDBInstances"},
		DiscoverCalls: []string{"DescribeDBClusters", "DescribeDBInstances"}, TagCalls: []string{"ListTagsForResource"},
		Exempt: map[string]string{"copy-encrypted": "AWS leaves the copy of an unencrypted cluster snapshot unencrypted"},
		Points: tags, Restore: restoration{native, tags},
	})
}

// restoration is a restore by AWS Backup into a new cluster, which is completed as one of
// the service's own restore is: with its instances.
type restoration struct {
	native *Driver
	tags   *rdssnap.PointTags
}

// Parameters are those of the service's own restore.
// Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-aur.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-docdb.html
func (r restoration) Parameters() []driver.Parameter { return r.native.parameters() }

// Actions are what Finish calls.
func (restoration) Actions() []string {
	return []string{
		"iam:PassRole", "rds:AddTagsToResource", "rds:CreateDBInstance", "rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:ModifyDBCluster",
	}
}

// Recorded returns what the cluster was like.
func (restoration) Recorded(req driver.RestoreRequest) map[string]string {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil
	}
	return settings.recorded(elsewhere(req))
}

// Metadata are the input of the service's own restore.
func (r restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	r.native.fit(req, v)
	in := r.native.inputsOf(req, v)
	cluster := *in.cluster
	cluster.SnapshotIdentifier, cluster.Tags = nil, nil
	return awsbackup.LowerCamel(awsbackup.Metadata(cluster))
}

// Calls lists what Finish will do.
func (r restoration) Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error) {
	in := r.native.inputsOf(req, v)
	tag, err := parameters.Call("rds:AddTagsToResource", rdssnap.TagInput("the new cluster", restoredTags(req)))
	if err != nil {
		return nil, err
	}
	finish, err := in.finishCalls()
	return append([]driver.Call{tag}, finish...), err
}

func restoredTags(req driver.RestoreRequest) map[string]string {
	return marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
}

// Finish marks the cluster and makes its instances.
func (r restoration) Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, arn string) error {
	if err := r.tags.Tag(ctx, req.Scope, resource.ForRestore, arn, restoredTags(req)); err != nil {
		return err
	}
	return r.native.FinishRestore(ctx, req, driver.Ref(aws.ToString(v.String("cluster_identifier"))))
}
