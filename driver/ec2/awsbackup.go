package ec2

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/ec2points"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// NewAWSBackup returns the driver of EC2 instances through AWS Backup. Its points are
// images, which AWS Backup alone may deregister.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	native, tags := New(sessions), ec2points.New(sessions, wrap)
	facts := native.Descriptor()
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: facts.Kind, Title: facts.Title, ARNPattern: facts.ARNPattern, Type: "EC2", KeysOf: "ebs",
		Discover: native.Discover, DiscoverActions: []string{"ec2:DescribeInstances", "ec2:DescribeVolumes"},
		DiscoverCalls: []string{"DescribeInstances", "DescribeVolumes"}, TagCalls: []string{"DescribeTags"},
		Points: tags, BackupOptions: []string{"WindowsVSS"}, Restore: restoration{tags},
	})
}

// restoration is a restore by AWS Backup into a new instance. What is not among its
// parameters AWS Backup keeps in the point itself.
type restoration struct{ tags *ec2points.Tags }

// restored are the parameters of EC2's own restore that are told over those of the point.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-ec2.html
var restored = []string{"instance_type", "subnet_id", "security_group_ids", "key_name", "instance_profile_arn", "metadata_tokens", "kms_key_id"}

// Parameters are those of EC2's own restore that AWS Backup takes.
func (restoration) Parameters() []driver.Parameter {
	return slices.DeleteFunc(restoreParameters(), func(p driver.Parameter) bool { return !slices.Contains(restored, p.Name) })
}

// Actions are what Finish calls.
func (r restoration) Actions() []string { _, write := r.tags.Actions(); return write }

// Recorded returns what the instance was like.
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

// Metadata are AWS Backup's words for the parameters. A subnet and groups do not go with the
// point's own network interfaces.
func (restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	v.OneOf("metadata_tokens", "required", "optional")
	metadata := map[string]string{
		"InstanceType": v.Text("instance_type"), "SubnetId": v.Text("subnet_id"), "KeyName": v.Text("key_name"),
		"IamInstanceProfileName": lastPart(v.Text("instance_profile_arn")), "NetworkInterfaces": "", "VpcId": "",
	}
	if groups := v.List("security_group_ids"); len(groups) > 0 {
		list, _ := json.Marshal(groups) // strings always encode
		metadata["SecurityGroupIds"] = string(list)
	}
	if tokens := v.Text("metadata_tokens"); tokens != "" {
		metadata["RequireIMDSv2"] = strconv.FormatBool(tokens == "required")
	}
	if key := v.String("kms_key_id"); key != nil {
		metadata["BlockDeviceMappings"] = awsbackup.Metadata(map[string]any{"m": mappings(readSettings(req.Resource).Volumes, key)})["m"]
	}
	return metadata
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// Calls lists what Finish will do.
func (restoration) Calls(req driver.RestoreRequest, _ *parameters.Values) ([]driver.Call, error) {
	call, err := parameters.Call("ec2:CreateTags", ec2points.Input("the new instance", restoredTags(req)))
	return []driver.Call{call}, err
}

func restoredTags(req driver.RestoreRequest) map[string]string {
	return marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
}

// Finish marks the instance. Doing so again changes nothing.
func (r restoration) Finish(ctx context.Context, req driver.RestoreRequest, _ *parameters.Values, arn string) error {
	return r.tags.Tag(ctx, req.Scope, resource.ForRestore, arn, restoredTags(req))
}
