package ebs

import (
	"context"
	"encoding/json"
	"slices"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2points"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// NewAWSBackup returns the driver of EBS volumes through AWS Backup. Its points are
// snapshots, which AWS Backup alone may delete.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	native, tags := New(sessions), ec2points.New(sessions, ebssnap.Wrap)
	facts := native.Descriptor()
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: facts.Kind, Title: facts.Title, ARNPattern: facts.ARNPattern, Type: "EBS", KeysOf: "ebs", ColdStorage: true, OptIn: true,
		Discover: native.Discover, DiscoverActions: []string{"ec2:DescribeVolumes"},
		DiscoverCalls: []string{"DescribeVolumes"}, TagCalls: []string{"DescribeTags"},
		Points: tags, Restore: restoration{tags},
	})
}

// restoration is a restore by AWS Backup into a new volume.
type restoration struct{ tags *ec2points.Tags }

// Parameters are those of EC2's own restore that AWS Backup takes.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-ebs.html
func (restoration) Parameters() []driver.Parameter {
	taken := slices.DeleteFunc(restoreParameters(), func(p driver.Parameter) bool { return metadataNames[p.Name] == "" })
	return append(taken, driver.Parameter{
		Name: "temporary_restore_days", Description: "from cold storage: days the snapshot is kept warm, 0 to 180 (default 0: no longer than the restore takes)",
	})
}

// metadataNames are AWS Backup's words for the parameters.
var metadataNames = map[string]string{
	"availability_zone": "availabilityZone", "volume_type": "volumeType", "size_gib": "volumeSize", "iops": "iops",
	"throughput": "throughput", "encrypted": "encrypted", "kms_key_id": "kmsKeyId", "temporary_restore_days": "temporaryRestoreDays",
}

// Actions are what Finish calls.
func (r restoration) Actions() []string { _, write := r.tags.Actions(); return write }

// Recorded returns what the volume was like.
func (restoration) Recorded(req driver.RestoreRequest) map[string]string {
	return recorded(req, readSettings(req.Resource))
}

// readSettings reads what Discover recorded; settings that cannot be read say nothing.
func readSettings(r resource.Resource) (s Settings) {
	if json.Unmarshal(r.Settings, &s) != nil {
		return Settings{}
	}
	return s
}

// maxTemporaryDays is how long a snapshot from cold storage can be kept warm.
const maxTemporaryDays = 180

// Metadata are AWS Backup's words for the parameters.
func (restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	check(req, readSettings(req.Resource), v)
	v.Int32("iops", 1)
	v.Int32("throughput", 1)
	if days := v.Int32("temporary_restore_days", 0); days != nil && *days > maxTemporaryDays {
		v.Problem("temporary_restore_days is %d: at most %d", *days, maxTemporaryDays)
	}
	metadata := map[string]string{}
	for name, theirs := range metadataNames {
		metadata[theirs] = v.Text(name)
	}
	if metadata["encrypted"] == "" {
		delete(metadata, "encrypted") // as the point has it
	}
	return metadata
}

// Calls lists what Finish will do.
func (restoration) Calls(req driver.RestoreRequest, _ *parameters.Values) ([]driver.Call, error) {
	call, err := parameters.Call("ec2:CreateTags", ec2points.Input("the new volume", restoredTags(req)))
	return []driver.Call{call}, err
}

func restoredTags(req driver.RestoreRequest) map[string]string {
	return marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
}

// Finish marks the volume. Doing so again changes nothing.
func (r restoration) Finish(ctx context.Context, req driver.RestoreRequest, _ *parameters.Values, arn string) error {
	return r.tags.Tag(ctx, req.Scope, resource.ForRestore, arn, restoredTags(req))
}
