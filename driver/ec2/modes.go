package ec2

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/internal/ec2calls"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// What an image can be restored as.
const (
	asInstance = "instance"
	asRoot     = "root-volume"
	asVolume   = "volume"
)

// onlyFor names the parameters that go with one way to restore; all others go with a new
// instance alone.
var onlyFor = map[string][]string{
	"restore_as": {asInstance, asRoot, asVolume}, "instance_id": {asRoot}, "device": {asVolume}, "availability_zone": {asVolume},
	"kms_key_id": {asInstance, asVolume},
}

// nativeParameters are those of a restore by EC2 itself. Only a new instance needs a type
// and a subnet.
func nativeParameters() []driver.Parameter {
	all := restoreParameters()
	for i := range all {
		if all[i].Required {
			all[i].Required, all[i].Description = false, all[i].Description+"; a new instance needs it"
		}
	}
	return append([]driver.Parameter{
		{Name: "restore_as", Description: "instance, a new one (default); root-volume, which replaces that of a running instance and keeps the old volume; or volume, a new EBS volume of one device"},
		{Name: "instance_id", Recorded: true, Description: "with root-volume: the running instance; the source, within its account and region"},
		{Name: "device", Description: "with volume: the device whose volume is wanted, for example /dev/sdf"},
		{Name: "availability_zone", Recorded: true, Description: "with volume: the zone of the new volume; the recorded one, within the region"},
	}, all...)
}

// checkMode drops what was recorded for another way to restore, refuses what was given for
// one, and reports what the way that is chosen lacks.
func checkMode(values *parameters.Values) {
	values.Default("restore_as", asInstance)
	values.OneOf("restore_as", asInstance, asRoot, asVolume)
	as := values.Text("restore_as")
	for _, p := range nativeParameters() {
		ways := onlyFor[p.Name]
		if ways == nil {
			ways = []string{asInstance}
		}
		if slices.Contains(ways, as) {
			continue
		}
		if values.Given(p.Name) {
			values.Problem("%s does not go with restore_as %q: only with %s", p.Name, as, strings.Join(ways, ", "))
		}
		values.Drop(p.Name)
	}
	needs := map[string][]string{asInstance: {"instance_type", "subnet_id"}, asRoot: {"instance_id"}, asVolume: {"device", "availability_zone"}}
	for _, name := range needs[as] {
		if values.Text(name) == "" {
			values.Problem("%s is missing: restore_as %s needs it, and none that fits is recorded", name, as)
		}
	}
}

// replaceRoot is the call that puts a new root volume, made of the image, into a running
// instance. The old one stays as a volume of its own.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/replace-root.html
func replaceRoot(req driver.RestoreRequest, v *parameters.Values) *ec2.CreateReplaceRootVolumeTaskInput {
	return &ec2.CreateReplaceRootVolumeTaskInput{
		InstanceId: v.String("instance_id"), ImageId: aws.String(string(req.Point.Ref)), ClientToken: aws.String(req.Mark.Token()),
		DeleteReplacedRootVolume: aws.Bool(false),
		TagSpecifications:        []types.TagSpecification{ec2calls.Tagged(types.ResourceTypeReplaceRootVolumeTask, marktags.For(req.Mark, nil))},
	}
}

// createVolume is the call that makes the volume of one device; which snapshot it is made
// of the image tells.
func createVolume(req driver.RestoreRequest, volumes []Volume, v *parameters.Values) *ec2.CreateVolumeInput {
	in := &ec2.CreateVolumeInput{
		SnapshotId: aws.String("that of " + v.Text("device") + " in " + string(req.Point.Ref)), ClientToken: aws.String(req.Mark.Token()),
		AvailabilityZone: v.String("availability_zone"), KmsKeyId: v.String("kms_key_id"),
		TagSpecifications: []types.TagSpecification{ec2calls.Tagged(types.ResourceTypeVolume, marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags)))},
	}
	if in.KmsKeyId != nil {
		in.Encrypted = aws.Bool(true)
	}
	for _, m := range mappings(volumes, nil) {
		if aws.ToString(m.DeviceName) == v.Text("device") {
			in.VolumeType, in.Iops, in.Throughput = m.Ebs.VolumeType, m.Ebs.Iops, m.Ebs.Throughput
		}
	}
	return in
}

// restoreRoot begins to replace the root volume of a running instance.
func restoreRoot(ctx context.Context, client api, in *ec2.CreateReplaceRootVolumeTaskInput) (driver.Ref, error) {
	out, err := client.CreateReplaceRootVolumeTask(ctx, in)
	if err != nil {
		return "", wrap("CreateReplaceRootVolumeTask", err)
	}
	if out.ReplaceRootVolumeTask == nil {
		return "", failure.Errorf(failure.Internal, "ec2:CreateReplaceRootVolumeTask answered without a task")
	}
	return driver.Ref(aws.ToString(out.ReplaceRootVolumeTask.ReplaceRootVolumeTaskId)), nil
}

// restoreVolume makes the volume of one device of the image.
func restoreVolume(ctx context.Context, client api, in *ec2.CreateVolumeInput, image *types.Image, device string) (driver.Ref, error) {
	var devices []string
	found := false
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs == nil {
			continue
		}
		devices = append(devices, aws.ToString(m.DeviceName))
		if aws.ToString(m.DeviceName) == device {
			in.SnapshotId, found = m.Ebs.SnapshotId, true
		}
	}
	if !found {
		return "", failure.Errorf(failure.Invalid, "image %s has no device %s: use %s", aws.ToString(image.ImageId), device, strings.Join(devices, ", "))
	}
	out, err := client.CreateVolume(ctx, in)
	if err != nil {
		return "", wrap("CreateVolume", err)
	}
	return driver.Ref(aws.ToString(out.VolumeId)), nil
}

// The beginnings of the ids a restore makes.
const (
	taskPrefix   = "replacevol-"
	volumePrefix = "vol-"
)

// lookAtRestored observes what restores made: instances, volumes and replacements.
func lookAtRestored(ctx context.Context, client api, asked []driver.Ref) (map[driver.Ref]driver.Status, error) {
	var instances, volumes, tasks []driver.Ref
	for _, ref := range asked {
		switch {
		case strings.HasPrefix(string(ref), taskPrefix):
			tasks = append(tasks, ref)
		case strings.HasPrefix(string(ref), volumePrefix):
			volumes = append(volumes, ref)
		default:
			instances = append(instances, ref)
		}
	}
	seen := map[driver.Ref]driver.Status{}
	if len(instances) > 0 {
		found, err := lookAtInstances(ctx, client, instances)
		if err != nil {
			return nil, err
		}
		seen = found
	}
	if len(volumes) > 0 {
		err := eachRestoredVolume(ctx, client, func(v *types.Volume) {
			seen[driver.Ref(aws.ToString(v.VolumeId))] = volumeStatus(v.State)
		}, filterOf("volume-id", volumes))
		if err != nil {
			return nil, err
		}
	}
	if len(tasks) == 0 {
		return seen, nil
	}
	return seen, eachTask(ctx, client, func(t *types.ReplaceRootVolumeTask) {
		if ref := driver.Ref(aws.ToString(t.ReplaceRootVolumeTaskId)); slices.Contains(tasks, ref) {
			seen[ref] = taskStatus(t.TaskState)
		}
	})
}

func filterOf(name string, refs []driver.Ref) types.Filter {
	values := make([]string, len(refs))
	for i, ref := range refs {
		values[i] = string(ref)
	}
	return ec2calls.Filter(name, values...)
}

func eachRestoredVolume(ctx context.Context, client api, visit func(*types.Volume), filters ...types.Filter) error {
	pages := ec2.NewDescribeVolumesPaginator(client, &ec2.DescribeVolumesInput{Filters: filters, MaxResults: aws.Int32(500)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeVolumes", err)
		}
		for i := range page.Volumes {
			visit(&page.Volumes[i])
		}
	}
	return nil
}

// maxTasks is the most replacements one page has.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeReplaceRootVolumeTasks.html
const maxTasks = 50

// eachTask calls visit for the replacements of root volumes of an account and region. AWS
// filters them by instance alone.
func eachTask(ctx context.Context, client api, visit func(*types.ReplaceRootVolumeTask)) error {
	pages := ec2.NewDescribeReplaceRootVolumeTasksPaginator(client, &ec2.DescribeReplaceRootVolumeTasksInput{MaxResults: aws.Int32(maxTasks)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return wrap("DescribeReplaceRootVolumeTasks", err)
		}
		for i := range page.ReplaceRootVolumeTasks {
			visit(&page.ReplaceRootVolumeTasks[i])
		}
	}
	return nil
}

// taskStatus maps the state of a replacement. failed-detached leaves the instance without a
// root volume.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRootVolumeTask.html
func taskStatus(state types.ReplaceRootVolumeTaskState) driver.Status {
	switch state {
	case types.ReplaceRootVolumeTaskStateSucceeded:
		return driver.Status{State: driver.Succeeded, Progress: 100}
	case types.ReplaceRootVolumeTaskStateFailed:
		return driver.Status{State: driver.Failed, Progress: -1, Message: "the root volume was not replaced: the instance has its old one"}
	case types.ReplaceRootVolumeTaskStateFailedDetached:
		return driver.Status{State: driver.Failed, Progress: -1, Message: "the root volume was not replaced, and the instance is stopped without one: attach the old volume by hand"}
	default:
		return driver.Status{State: driver.Pending, Progress: -1}
	}
}

// volumeStatus maps the state of a volume made by a restore.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html
func volumeStatus(state types.VolumeState) driver.Status {
	switch state {
	case types.VolumeStateAvailable, types.VolumeStateInUse:
		return driver.Status{State: driver.Succeeded, Progress: 100}
	case types.VolumeStateError:
		return driver.Status{State: driver.Failed, Progress: -1, Message: "the volume is in state error"}
	case types.VolumeStateDeleting, types.VolumeStateDeleted:
		return driver.Status{State: driver.Gone, Progress: -1}
	default:
		return driver.Status{State: driver.Pending, Progress: -1}
	}
}

// findRestored offers what a restore with the mark made.
func findRestored(ctx context.Context, client api, mark driver.Mark, oldest *ec2calls.Oldest) error {
	err := eachInstancePage(ctx, client, func(instances []types.Instance) error {
		for _, i := range instances {
			oldest.Offer(aws.ToString(i.InstanceId), aws.ToTime(i.LaunchTime))
		}
		return nil
	}, ec2calls.ByMark(mark)...)
	if err != nil || oldest.ID != "" {
		return err
	}
	err = eachRestoredVolume(ctx, client, func(v *types.Volume) {
		oldest.Offer(aws.ToString(v.VolumeId), aws.ToTime(v.CreateTime))
	}, ec2calls.ByMark(mark)...)
	if err != nil || oldest.ID != "" {
		return err
	}
	return eachTask(ctx, client, func(t *types.ReplaceRootVolumeTask) {
		if marktags.Same(ec2calls.FromTags(t.Tags), mark) {
			oldest.Offer(aws.ToString(t.ReplaceRootVolumeTaskId), mark.CreatedAt)
		}
	})
}

// localMode adds what was recorded for the other ways to restore, where it means anything.
func localMode(values map[string]string, req driver.RestoreRequest, s Settings) {
	if req.Scope.Account != req.Resource.Account || req.Scope.Region != req.Resource.Region {
		return
	}
	values["availability_zone"] = s.AvailabilityZone
	if id, err := instanceID(resource.Resource{ARN: req.Resource.ARN}); err == nil {
		values["instance_id"] = id
	}
}
