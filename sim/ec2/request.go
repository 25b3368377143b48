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

// tagsFor returns the tags a call puts on the one thing it makes.
func tagsFor(specs []types.TagSpecification, on types.ResourceType) (map[string]string, error) {
	tags, err := tagsByType(specs, on)
	return tags[on], err
}

// tagsByType returns the tags a call puts on the things it makes, a map for each type.
func tagsByType(specs []types.TagSpecification, on ...types.ResourceType) (map[types.ResourceType]map[string]string, error) {
	tags := map[types.ResourceType]map[string]string{}
	for _, t := range on {
		tags[t] = map[string]string{}
	}
	for _, spec := range specs {
		if !slices.Contains(on, spec.ResourceType) {
			return nil, cloud.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		if err := addTags(tags[spec.ResourceType], spec.Tags); err != nil {
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
		tags, err := s.tagsOf(c.Place, id)
		if err != nil {
			return nil, err
		}
		targets = append(targets, tags)
	}
	for _, tags := range targets {
		if err := addTags(tags, in.Tags); err != nil {
			return nil, err
		}
	}
	return &ec2.CreateTagsOutput{}, nil
}

// describeTags lists the tags of things named by the filter resource-id.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
func (s *Service) describeTags(c *cloud.Call, in *ec2.DescribeTagsInput) (*ec2.DescribeTagsOutput, error) {
	if len(in.Filters) != 1 || aws.ToString(in.Filters[0].Name) != "resource-id" {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated DescribeTags takes the filter resource-id, and no other")
	}
	var found []types.TagDescription
	for _, id := range slices.Sorted(slices.Values(in.Filters[0].Values)) {
		if !s.exists(c, id) {
			continue
		}
		tags, err := s.tagsOf(c.Place, id)
		if err != nil {
			continue
		}
		for _, tag := range tagList(tags) {
			found = append(found, types.TagDescription{Key: tag.Key, Value: tag.Value, ResourceId: aws.String(id)})
		}
	}
	limit, err := pageSize(in.MaxResults, 0)
	if err != nil {
		return nil, err
	}
	page, next, err := cloud.Page(found, func(t types.TagDescription) string { return *t.ResourceId + " " + *t.Key }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeTagsOutput{Tags: page, NextToken: token(next)}, nil
}

// exists is false for what AWS Backup has deleted.
func (s *Service) exists(c *cloud.Call, id string) bool {
	if snap, ok := s.snapshots.Get(c.Place, id); ok {
		return snap.kept.Is(c.Now)
	}
	if img, ok := s.images.Get(c.Place, id); ok {
		return img.kept.Is(c.Now)
	}
	return true
}

// tagsOf returns the tags of whatever has an id.
func (s *Service) tagsOf(p cloud.Place, id string) (map[string]string, error) {
	if v, ok := s.volumes.Get(p, id); ok {
		return v.tags, nil
	}
	if snap, ok := s.snapshots.Get(p, id); ok {
		return snap.tags, nil
	}
	if i, ok := s.instances.Get(p, id); ok {
		return i.tags, nil
	}
	if img, ok := s.images.Get(p, id); ok {
		return img.tags, nil
	}
	switch prefix, _, _ := strings.Cut(id, "-"); prefix {
	case "snap":
		return nil, noSnapshot(id)
	case "i":
		return nil, noInstance(id)
	case "ami":
		return nil, noImage(id)
	default:
		return nil, noVolume(id)
	}
}

// tokenUse is what a ClientToken was used for.
type tokenUse struct {
	parameters string
	made       string // id
}

// usedToken returns what an earlier call with the token made. The same token with other
// parameters is an error.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
func (s *Service) usedToken(c *cloud.Call, token *string, parameters string) (made string, again bool, err error) {
	if token == nil {
		return "", false, nil
	}
	use, again := s.tokens.Get(c.Place, *token)
	if again && use.parameters != parameters {
		return "", false, cloud.Errorf("IdempotentParameterMismatch", "the client token was used with other parameters")
	}
	return use.made, again, nil
}

func (s *Service) useToken(c *cloud.Call, token *string, parameters, made string) {
	if token != nil {
		s.tokens.Put(c.Place, *token, tokenUse{parameters, made})
	}
}
