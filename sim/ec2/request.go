package ec2

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/sim/internal/cloud"
)

// Bounds of MaxResults of DescribeVolumes and DescribeSnapshots.
const (
	minPage = 5
	maxPage = 1000
	maxTags = 50
)

func pageSize(asked *int32, ids int) (int, error) {
	switch {
	case asked == nil:
		return maxPage, nil
	case ids > 0:
		return 0, cloud.Errorf("InvalidParameterCombination", "The parameter maxResults cannot be used with a list of ids.")
	case *asked < minPage:
		return 0, cloud.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than %d.", *asked, minPage)
	}
	return min(int(*asked), maxPage), nil
}

func token(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

// dryRun answers a dry run as EC2 does: an error that says it would have worked.
func dryRun(asked *bool) error {
	if !aws.ToBool(asked) {
		return nil
	}
	return cloud.WithStatus(cloud.Errorf("DryRunOperation", "Request would have succeeded, but DryRun flag is set."), http.StatusPreconditionFailed)
}

// tagsFor returns the tags a call puts on the thing it makes.
func tagsFor(specs []types.TagSpecification, on types.ResourceType) (map[string]string, error) {
	tags := map[string]string{}
	for _, spec := range specs {
		if spec.ResourceType != on {
			return nil, cloud.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		if err := addTags(tags, spec.Tags); err != nil {
			return nil, err
		}
	}
	return tags, nil
}

// addTags adds to tags within EC2's limits.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
func addTags(tags map[string]string, more []types.Tag) error {
	for _, t := range more {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || len([]rune(key)) > 128 || len([]rune(value)) > 256:
			return cloud.Errorf("InvalidParameterValue", "Tag key %q or its value has an invalid length.", key)
		case strings.HasPrefix(key, "aws:"):
			return cloud.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		}
		tags[key] = value
	}
	if len(tags) > maxTags {
		return cloud.Errorf("TagLimitExceeded", "The maximum number of tags for a resource is %d.", maxTags)
	}
	return nil
}

func tagList(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

// createTags changes nothing unless every resource exists.
func (s *Service) createTags(c *cloud.Call, in *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error) {
	var targets []map[string]string
	for _, id := range in.Resources {
		if v, ok := s.volumes.Get(c.Place, id); ok {
			targets = append(targets, v.tags)
		} else if snap, ok := s.snapshots.Get(c.Place, id); ok {
			targets = append(targets, snap.tags)
		} else if strings.HasPrefix(id, "snap-") {
			return nil, noSnapshot(id)
		} else {
			return nil, noVolume(id)
		}
	}
	for _, tags := range targets {
		if err := addTags(tags, in.Tags); err != nil {
			return nil, err
		}
	}
	return &ec2.CreateTagsOutput{}, nil
}
