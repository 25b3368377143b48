package rds

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/sim/internal/cloud"
)

// Bounds of MaxRecords of the Describe calls.
const (
	minPage = 20
	maxPage = 100
	maxTags = 50
)

func pageSize(asked *int32) (int, error) {
	if asked == nil {
		return maxPage, nil
	}
	if *asked < minPage || *asked > maxPage {
		return 0, cloud.Errorf("InvalidParameterValue", "Invalid value %d for MaxRecords. Must be between %d and %d", *asked, minPage, maxPage)
	}
	return int(*asked), nil
}

func marker(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

var identifier = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)

// parseID checks and folds an identifier as RDS does: letters, digits and single hyphens,
// a letter first, no hyphen last, kept in lower case.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html
func parseID(parameter string, given *string, longest int) (string, error) {
	id := strings.ToLower(aws.ToString(given))
	if !identifier.MatchString(id) || len(id) > longest {
		return "", cloud.Errorf("InvalidParameterValue", "The parameter %s is not a valid identifier: %q", parameter, id)
	}
	return id, nil
}

// splitARN returns the last two parts of an RDS ARN: db and the instance's identifier, or
// snapshot and the snapshot's.
func splitARN(arn string) (kind, id string) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) != 7 {
		return "", ""
	}
	return parts[5], strings.ToLower(parts[6])
}

func addTags(tags map[string]string, more []types.Tag) error {
	for _, t := range more {
		key := aws.ToString(t.Key)
		if key == "" || len([]rune(key)) > 128 || len([]rune(aws.ToString(t.Value))) > 256 || strings.HasPrefix(key, "aws:") {
			return cloud.Errorf("InvalidParameterValue", "The tag key %q or its value is not valid.", key)
		}
		tags[key] = aws.ToString(t.Value)
	}
	if len(tags) > maxTags {
		return cloud.Errorf("InvalidParameterValue", "A resource can have at most %d tags.", maxTags)
	}
	return nil
}

func newTags(list []types.Tag) (map[string]string, error) {
	tags := map[string]string{}
	return tags, addTags(tags, list)
}

func tagList(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

// tagsOf returns the live tags of the thing an ARN names in the place of the call.
func (s *Service) tagsOf(c *cloud.Call, arn *string) (map[string]string, error) {
	kind, id := splitARN(aws.ToString(arn))
	switch kind {
	case "db":
		if i, ok := s.instances.Get(c.Place, id); ok {
			return i.tags, nil
		}
		return nil, noInstance(id)
	case "snapshot":
		if snap, ok := s.snapshots.Get(c.Place, id); ok && snap.kept.Is(c.Now) {
			return snap.tags, nil
		}
		return nil, noSnapshot(id)
	case "cluster":
		if of, ok := s.clusters.Get(c.Place, id); ok {
			return of.tags, nil
		}
		return nil, noCluster(id)
	case "cluster-snapshot":
		if snap, ok := s.clusterSnapshots.Get(c.Place, id); ok && snap.kept.Is(c.Now) {
			return snap.tags, nil
		}
		return nil, noClusterSnapshot(id)
	}
	return nil, cloud.Errorf("InvalidParameterValue", "The ARN %q names nothing of RDS that has tags.", aws.ToString(arn))
}

func (s *Service) addTags(c *cloud.Call, in *rds.AddTagsToResourceInput) (*rds.AddTagsToResourceOutput, error) {
	tags, err := s.tagsOf(c, in.ResourceName)
	if err != nil {
		return nil, err
	}
	if err := addTags(tags, in.Tags); err != nil {
		return nil, err
	}
	return &rds.AddTagsToResourceOutput{}, nil
}

func (s *Service) listTags(c *cloud.Call, in *rds.ListTagsForResourceInput) (*rds.ListTagsForResourceOutput, error) {
	tags, err := s.tagsOf(c, in.ResourceName)
	if err != nil {
		return nil, err
	}
	return &rds.ListTagsForResourceOutput{TagList: tagList(tags)}, nil
}

// matches applies Filters; attributes has the values of the filters that exist.
func matches(filters []types.Filter, attributes map[string]string) (bool, error) {
	for _, f := range filters {
		value, known := attributes[aws.ToString(f.Name)]
		if !known {
			return false, cloud.Errorf("InvalidParameterValue", "Unrecognized filter name: %s", aws.ToString(f.Name))
		}
		if !slices.Contains(f.Values, value) {
			return false, nil
		}
	}
	return true, nil
}
