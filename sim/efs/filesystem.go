package efs

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// maxPage is the most file systems one page has.
// Source: https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystems.html
const maxPage = 100

type fileSystem struct {
	id, arn   string
	place     cloud.Place
	data      types.FileSystemDescription // without state, tags and mount targets
	tags      map[string]string
	lifecycle []types.LifecyclePolicy
	mounts    []mount
	creating  cloud.Progress
	job       string // the restore job that made it
	source    string // and the file system it was made from
	deleted   time.Time
}

type mount struct {
	id, subnet string
	groups     []string
}

// Create puts a file system with a mount target into the organization.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	f := newFileSystem(c, int64(cmp.Or(b.SizeGiB, 1))<<30, b.Encrypted)
	maps.Copy(f.tags, b.Tags)
	if b.Name != "" {
		f.tags["Name"] = b.Name
	}
	f.data.CreationTime = aws.Time(c.Now.AddDate(0, -5, 0))
	f.lifecycle = []types.LifecyclePolicy{{TransitionToIA: types.TransitionToIARulesAfter30Days}}
	f.mounts = []mount{{id: c.NewID("fsmt-0", 16), subnet: "subnet-0a", groups: []string{"sg-0a"}}}
	s.systems.Put(c.Place, f.id, f)
	return f.arn, nil
}

func newFileSystem(c *cloud.Call, size int64, encrypted bool) *fileSystem {
	id := c.NewID("fs-0", 16)
	f := &fileSystem{id: id, arn: c.ARN("elasticfilesystem", "file-system/"+id), place: c.Place, tags: map[string]string{}}
	f.data = types.FileSystemDescription{
		FileSystemId: &f.id, FileSystemArn: &f.arn, OwnerId: &f.place.Account, CreationToken: aws.String(c.NewID("token-", 8)),
		CreationTime: aws.Time(c.Now), PerformanceMode: types.PerformanceModeGeneralPurpose, ThroughputMode: types.ThroughputModeElastic,
		SizeInBytes: &types.FileSystemSize{Value: size}, Encrypted: &encrypted,
	}
	if encrypted {
		f.data.KmsKeyId = aws.String(c.ARN("kms", "key/aws-elasticfilesystem"))
	}
	return f
}

func (f *fileSystem) tagsNow() map[string]string { return maps.Clone(f.tags) }

func (f *fileSystem) describe(now time.Time) types.FileSystemDescription {
	out := f.data
	out.LifeCycleState = types.LifeCycleStateAvailable
	if f.creating.Running(now) {
		out.LifeCycleState = types.LifeCycleStateCreating
	}
	out.Tags, out.NumberOfMountTargets = tagList(f.tags), int32(len(f.mounts))
	if name, ok := f.tags["Name"]; ok {
		out.Name = &name
	}
	return out
}

func tagList(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

func (s *Service) describeFileSystems(c *cloud.Call, in *efs.DescribeFileSystemsInput) (*efs.DescribeFileSystemsOutput, error) {
	if in.FileSystemId != nil {
		f, err := s.find(c, in.FileSystemId)
		if err != nil {
			return nil, err
		}
		return &efs.DescribeFileSystemsOutput{FileSystems: []types.FileSystemDescription{f.describe(c.Now)}}, nil
	}
	limit := min(int(cmp.Or(aws.ToInt32(in.MaxItems), maxPage)), maxPage)
	seen := slices.DeleteFunc(s.systems.In(c.Place), func(f *fileSystem) bool {
		return f.creating.Failed(c.Now) || !c.Visible(*f.data.CreationTime)
	})
	page, next, err := cloud.Page(seen, func(f *fileSystem) string { return f.id }, aws.ToString(in.Marker), limit)
	if err != nil {
		return nil, err
	}
	out := &efs.DescribeFileSystemsOutput{Marker: in.Marker}
	for _, f := range page {
		out.FileSystems = append(out.FileSystems, f.describe(c.Now))
	}
	if next != "" {
		out.NextMarker = &next
	}
	return out, nil
}

func (s *Service) listTags(c *cloud.Call, in *efs.ListTagsForResourceInput) (*efs.ListTagsForResourceOutput, error) {
	f, err := s.find(c, in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &efs.ListTagsForResourceOutput{Tags: tagList(f.tags)}, nil
}

func (s *Service) tagResource(c *cloud.Call, in *efs.TagResourceInput) (*efs.TagResourceOutput, error) {
	f, err := s.find(c, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		f.tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return &efs.TagResourceOutput{}, nil
}

func (s *Service) describeLifecycle(c *cloud.Call, in *efs.DescribeLifecycleConfigurationInput) (*efs.DescribeLifecycleConfigurationOutput, error) {
	f, err := s.find(c, in.FileSystemId)
	if err != nil {
		return nil, err
	}
	return &efs.DescribeLifecycleConfigurationOutput{LifecyclePolicies: f.lifecycle}, nil
}

func (s *Service) putLifecycle(c *cloud.Call, in *efs.PutLifecycleConfigurationInput) (*efs.PutLifecycleConfigurationOutput, error) {
	f, err := s.available(c, in.FileSystemId)
	if err != nil {
		return nil, err
	}
	f.lifecycle = slices.Clone(in.LifecyclePolicies)
	return &efs.PutLifecycleConfigurationOutput{LifecyclePolicies: f.lifecycle}, nil
}

// available is find for operations that need the file system to be there.
func (s *Service) available(c *cloud.Call, given *string) (*fileSystem, error) {
	f, err := s.find(c, given)
	if err == nil && f.creating.Running(c.Now) {
		return nil, &types.IncorrectFileSystemLifeCycleState{
			ErrorCode_: aws.String("IncorrectFileSystemLifeCycleState"), Message: aws.String("None"),
		}
	}
	return f, err
}

// Protect returns what AWS Backup sees of a file system.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	f, ok := s.get(c, arn)
	if !ok {
		return cloud.Protected{}, false
	}
	metadata := map[string]string{
		"file-system-id": f.id, "Encrypted": "false", "PerformanceMode": string(f.data.PerformanceMode),
	}
	if key := aws.ToString(f.data.KmsKeyId); key != "" {
		metadata["Encrypted"], metadata["KmsKeyId"] = "true", key
	}
	return cloud.Protected{
		Kind: resource.EFS, Type: "EFS", ARN: f.arn, Name: f.tags["Name"], SizeBytes: f.data.SizeInBytes.Value,
		Tags: f.tagsNow(), Metadata: metadata,
	}, true
}

// Rebuild restores into a new file system, or into an existing one, where the data land in
// a directory of their own.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (string, error) {
	if r.Metadata["newFileSystem"] != "true" {
		f, err := s.find(c, aws.String(r.Metadata["file-system-id"]))
		if err != nil {
			return "", err
		}
		return f.arn, nil
	}
	if r.Metadata["PerformanceMode"] == "" || r.Metadata["CreationToken"] == "" || r.Metadata["Encrypted"] == "" {
		return "", cloud.Errorf("InvalidParameterValueException", "newFileSystem needs PerformanceMode, CreationToken and Encrypted")
	}
	f := newFileSystem(c, r.Of.SizeBytes, r.Metadata["Encrypted"] == "true")
	if key := r.Metadata["KmsKeyId"]; key != "" {
		f.data.KmsKeyId = &key
	}
	f.data.PerformanceMode = types.PerformanceMode(r.Metadata["PerformanceMode"])
	f.data.CreationToken = aws.String(r.Metadata["CreationToken"])
	f.creating, f.job, f.source = r.Progress, r.JobID, r.Of.ARN
	s.systems.Put(c.Place, f.id, f)
	return f.arn, nil
}
