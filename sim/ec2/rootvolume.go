package ec2

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// replacement is one root volume on its way into a running instance.
type replacement struct {
	id       string
	instance string
	image    string
	tags     map[string]string
	progress cloud.Progress
}

// createReplaceRootVolumeTask replaces the root volume of a running instance by one made of
// an image of the same architecture. A repeated client token answers with the first task.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/replace-root.html
func (s *Service) createReplaceRootVolumeTask(c *cloud.Call, in *ec2.CreateReplaceRootVolumeTaskInput) (*ec2.CreateReplaceRootVolumeTaskOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, cloud.Errorf("InternalError", "encode the parameters: %v", err)
	}
	used, again, err := s.usedToken(c, in.ClientToken, string(raw))
	if err != nil {
		return nil, err
	}
	if !again {
		if used, err = s.replaceRoot(c, in); err != nil {
			return nil, err
		}
		s.useToken(c, in.ClientToken, string(raw), used)
	}
	task, _ := s.replacements.Get(c.Place, used)
	described := task.describe(c.Now)
	return &ec2.CreateReplaceRootVolumeTaskOutput{ReplaceRootVolumeTask: &described}, nil
}

func (s *Service) replaceRoot(c *cloud.Call, in *ec2.CreateReplaceRootVolumeTaskInput) (id string, err error) {
	of, ok := s.instances.Get(c.Place, aws.ToString(in.InstanceId))
	if !ok {
		return "", noInstance(aws.ToString(in.InstanceId))
	}
	if state := of.state(c.Now); state != types.InstanceStateNameRunning {
		return "", cloud.Errorf("IncorrectInstanceState", "The instance '%s' is not in a valid state for this operation: %s.", of.id, state)
	}
	img, err := s.usableImage(c, aws.ToString(in.ImageId))
	if err != nil {
		return "", err
	}
	tags, err := tagsFor(in.TagSpecifications, types.ResourceTypeReplaceRootVolumeTask)
	if err != nil {
		return "", err
	}
	root := slices.IndexFunc(img.mappings, func(m types.BlockDeviceMapping) bool {
		return aws.ToString(m.DeviceName) == aws.ToString(of.data.RootDeviceName)
	})
	if root < 0 {
		return "", cloud.Errorf("InvalidParameterValue", "The image '%s' has no volume for the root device of '%s'.", img.id, of.id)
	}
	task := &replacement{id: c.NewID("replacevol-0", 16), instance: of.id, image: img.id, tags: tags}
	task.progress = c.Begin(string(resource.EC2), string(driver.Restore), task.id, c.Between(time.Minute, 10*time.Minute, "root", task.id), "")
	s.replacements.Put(c.Place, task.id, task)
	if task.progress.Failure == "" {
		s.swapRoot(c, of, launched(c, img.snapshots[root], *img.mappings[root].Ebs))
	}
	return task.id, nil
}

// swapRoot puts v in the place of the root volume of i, which stays unless it is deleted by
// hand.
func (s *Service) swapRoot(c *cloud.Call, i *instance, v *volume) {
	i.volumes = slices.DeleteFunc(i.volumes, func(old *volume) bool {
		root := slices.ContainsFunc(old.data.Attachments, func(a types.VolumeAttachment) bool {
			return aws.ToString(a.Device) == aws.ToString(i.data.RootDeviceName)
		})
		if root {
			old.data.Attachments, old.data.State = nil, types.VolumeStateAvailable
		}
		return root
	})
	s.attach(i, v, aws.ToString(i.data.RootDeviceName), true)
}

func (r *replacement) describe(now time.Time) types.ReplaceRootVolumeTask {
	state := types.ReplaceRootVolumeTaskStateSucceeded
	switch {
	case r.progress.Running(now):
		state = types.ReplaceRootVolumeTaskStateInProgress
	case r.progress.Failed(now):
		state = types.ReplaceRootVolumeTaskStateFailed
	}
	return types.ReplaceRootVolumeTask{
		ReplaceRootVolumeTaskId: &r.id, InstanceId: &r.instance, ImageId: &r.image, TaskState: state, Tags: tagList(r.tags),
		StartTime: aws.String(r.progress.Start.Format(time.RFC3339)), DeleteReplacedRootVolume: aws.Bool(false),
	}
}

// describeReplaceRootVolumeTasks lists the replacements of an account and region.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeReplaceRootVolumeTasks.html
func (s *Service) describeReplaceRootVolumeTasks(c *cloud.Call, in *ec2.DescribeReplaceRootVolumeTasksInput) (*ec2.DescribeReplaceRootVolumeTasksOutput, error) {
	var found []*replacement
	for _, task := range s.replacements.Unordered(c.Place) {
		if c.Visible(task.progress.Start) {
			found = append(found, task)
		}
	}
	slices.SortFunc(found, func(a, b *replacement) int { return strings.Compare(a.id, b.id) })
	limit, err := pageSize(in.MaxResults, len(in.ReplaceRootVolumeTaskIds))
	if err != nil {
		return nil, err
	}
	page, next, err := cloud.Page(found, func(r *replacement) string { return r.id }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeReplaceRootVolumeTasksOutput{NextToken: token(next)}
	for _, task := range page {
		out.ReplaceRootVolumeTasks = append(out.ReplaceRootVolumeTasks, task.describe(c.Now))
	}
	return out, nil
}
