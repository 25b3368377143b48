package ec2

import (
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/sim/internal/cloud"
)

// The most filters and filter values of one request.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
const (
	maxFilters      = 50
	maxFilterValues = 200
)

// filter is the Filters parameter of a Describe call: all must match, each by any value.
type filter []types.Filter

func newFilter(filters []types.Filter) (filter, error) {
	values := 0
	for _, f := range filters {
		values += len(f.Values)
	}
	if len(filters) > maxFilters || values > maxFilterValues {
		return nil, cloud.Errorf("FilterLimitExceeded", "The maximum number of filter values (%d) was exceeded.", maxFilterValues)
	}
	known := []string{
		"tag-key", "snapshot-id", "volume-id", "status", "owner-id", "description", "encrypted",
		"volume-size", "availability-zone", "volume-type", "instance-id", "instance-state-name", "image-id", "name", "state", "network-interface-id",
	}
	for _, f := range filters {
		name := aws.ToString(f.Name)
		if !strings.HasPrefix(name, "tag:") && !slices.Contains(known, name) {
			return nil, cloud.Errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
	}
	return filters, nil
}

// matches reports whether all filters do. attribute returns the value of a filter that
// is not about tags, and whether the thing has one.
func (f filter) matches(tags map[string]string, attribute func(name string) (string, bool)) bool {
	for _, one := range f {
		if !matchesOne(one, tags, attribute) {
			return false
		}
	}
	return true
}

func matchesOne(f types.Filter, tags map[string]string, attribute func(string) (string, bool)) bool {
	name := aws.ToString(f.Name)
	if name == "tag-key" {
		for key := range tags {
			if matchesAny(f.Values, key) {
				return true
			}
		}
		return false
	}
	if key, isTag := strings.CutPrefix(name, "tag:"); isTag {
		value, has := tags[key]
		return has && matchesAny(f.Values, value)
	}
	value, has := attribute(name)
	return has && matchesAny(f.Values, value)
}

// matchesAny honours the wildcards * and ? of EC2 filters.
func matchesAny(patterns []string, value string) bool {
	for _, p := range patterns {
		if p == value {
			return true
		}
		if !strings.ContainsAny(p, "*?") {
			continue
		}
		// path.Match stops a * at slashes, EC2 does not.
		p, v := strings.ReplaceAll(p, "/", "\x00"), strings.ReplaceAll(value, "/", "\x00")
		if ok, err := path.Match(strings.ReplaceAll(p, "[", `\[`), v); err == nil && ok {
			return true
		}
	}
	return false
}

// exact returns the values of a filter that has no wildcards; ok is false without one.
func (f filter) exact(name string) (values []string, ok bool) {
	for _, one := range f {
		if aws.ToString(one.Name) == name && !strings.ContainsAny(strings.Join(one.Values, ""), "*?") {
			return one.Values, true
		}
	}
	return nil, false
}
