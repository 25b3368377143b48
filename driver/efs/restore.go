package efs

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// maxItems is how many paths one restore may name.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html
const maxItems = 5

// Parameters are those of a restore into a new file system, or an existing one.
func (*files) Parameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "file_system_id", Description: "existing file system to restore into, for example the source; a new one is made without it"},
		{Name: "items", Description: "paths to restore, separated by commas, each beginning with a slash; everything without it"},
		{Name: "encrypted", Description: "encrypt the new file system: true or false", Recorded: true},
		{Name: "kms_key_id", Description: "KMS key of the new file system", Recorded: true},
		{Name: "performance_mode", Description: "performance mode of the new file system: generalPurpose or maxIO", Recorded: true},
		{Name: "availability_zone", Description: "Availability Zone of a new One Zone file system", Recorded: true},
		{Name: "mount_targets", Description: "make the source's mount targets for the new file system: true or false (default false)"},
	}
}

// Actions are what Finish calls.
func (*files) Actions() []string {
	return []string{
		"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", // AWS asks for these as the caller
		"elasticfilesystem:CreateMountTarget", "elasticfilesystem:PutLifecycleConfiguration", "elasticfilesystem:TagResource",
	}
}

// Recorded returns what the source was like.
func (*files) Recorded(req driver.RestoreRequest) map[string]string {
	s, ok := settingsOf(req.Resource)
	if !ok {
		return nil
	}
	return map[string]string{
		"encrypted": strconv.FormatBool(s.Encrypted), "kms_key_id": s.KMSKeyID,
		"performance_mode": s.PerformanceMode, "availability_zone": s.AvailabilityZone,
	}
}

func settingsOf(r resource.Resource) (s Settings, ok bool) {
	return s, json.Unmarshal(r.Settings, &s) == nil
}

// Metadata are AWS Backup's words for the parameters. What concerns a new file system alone
// does not apply to an existing one.
func (*files) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	metadata := map[string]string{"newFileSystem": "false"}
	if items := itemsOf(v); items != "" {
		metadata["ItemsToRestore"] = items
	}
	if id := v.Text("file_system_id"); id != "" {
		for _, name := range []string{"encrypted", "kms_key_id", "performance_mode", "availability_zone", "mount_targets"} {
			if v.Given(name) {
				v.Problem("%s is for a new file system: leave it or file_system_id out", name)
			}
			v.Drop(name)
		}
		metadata["file-system-id"] = id[strings.LastIndexByte(id, '/')+1:]
		return metadata
	}
	v.Default("performance_mode", string(types.PerformanceModeGeneralPurpose))
	v.OneOf("performance_mode", string(types.PerformanceModeGeneralPurpose), string(types.PerformanceModeMaxIo))
	v.Default("encrypted", "true")
	encrypted := v.Bool("encrypted")
	v.Bool("mount_targets")
	metadata["newFileSystem"], metadata["CreationToken"] = "true", req.Mark.Token()
	metadata["PerformanceMode"], metadata["Encrypted"] = v.Text("performance_mode"), v.Text("encrypted")
	metadata["KmsKeyId"] = ""
	if encrypted != nil && *encrypted {
		metadata["KmsKeyId"] = v.Text("kms_key_id")
	}
	if zone := v.Text("availability_zone"); zone != "" {
		metadata["singleAzFilesystem"], metadata["availabilityZoneName"] = "true", zone
	}
	return metadata
}

// itemsOf returns the paths as the JSON array AWS Backup takes, "" when there are none.
func itemsOf(v *parameters.Values) string {
	items := v.List("items")
	if len(items) == 0 {
		return ""
	}
	if len(items) > maxItems {
		v.Problem("items has %d paths: name at most %d", len(items), maxItems)
	}
	if i := slices.IndexFunc(items, func(p string) bool { return !strings.HasPrefix(p, "/") }); i >= 0 {
		v.Problem("items has %q: a path begins with a slash", items[i])
	}
	list, _ := json.Marshal(items) // strings always encode
	return string(list)
}

// finish is what a new file system still needs.
type finish struct {
	tags   *efs.TagResourceInput
	rules  *efs.PutLifecycleConfigurationInput
	mounts []*efs.CreateMountTargetInput
}

// newFinish decides what is done to file system id. An existing one is left as it is.
func newFinish(req driver.RestoreRequest, v *parameters.Values, id string) finish {
	if v.Text("file_system_id") != "" {
		return finish{}
	}
	f := finish{tags: &efs.TagResourceInput{ResourceId: &id}}
	tags := marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		f.tags.Tags = append(f.tags.Tags, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	s, _ := settingsOf(req.Resource)
	if len(s.Lifecycle) > 0 {
		f.rules = &efs.PutLifecycleConfigurationInput{FileSystemId: &id, LifecyclePolicies: s.Lifecycle}
	}
	if wanted := v.Bool("mount_targets"); wanted != nil && *wanted {
		for _, m := range s.MountTargets {
			f.mounts = append(f.mounts, &efs.CreateMountTargetInput{FileSystemId: &id, SubnetId: aws.String(m.SubnetID), SecurityGroups: m.SecurityGroups})
		}
	}
	return f
}

// Calls lists what Finish will do.
func (*files) Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error) {
	f := newFinish(req, v, "the new file system")
	var calls []driver.Call
	add := func(operation string, input any) error {
		call, err := parameters.Call("elasticfilesystem:"+operation, input)
		calls = append(calls, call)
		return err
	}
	if f.tags != nil {
		if err := add("TagResource", f.tags); err != nil {
			return nil, err
		}
	}
	if f.rules != nil {
		if err := add("PutLifecycleConfiguration", f.rules); err != nil {
			return nil, err
		}
	}
	for _, m := range f.mounts {
		if err := add("CreateMountTarget", m); err != nil {
			return nil, err
		}
	}
	return calls, nil
}

// Finish gives a new file system tags, lifecycle rules and mount targets. Doing so again
// changes nothing.
func (f *files) Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, arn string) error {
	want := newFinish(req, v, arn[strings.LastIndexByte(arn, '/')+1:])
	if want.tags == nil {
		return nil
	}
	client, err := f.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	if _, err := client.TagResource(ctx, want.tags); err != nil {
		return wrap("TagResource", err)
	}
	if want.rules != nil {
		if _, err := client.PutLifecycleConfiguration(ctx, want.rules); err != nil {
			return wrap("PutLifecycleConfiguration", err)
		}
	}
	for _, m := range want.mounts {
		_, err := client.CreateMountTarget(ctx, m)
		if made := wrap("CreateMountTarget", err); made != nil && !failure.Is(made, failure.Conflict) {
			return made
		}
	}
	return nil
}
