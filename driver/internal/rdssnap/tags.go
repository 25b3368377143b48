package rdssnap

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
)

// FromTags returns AWS's tags as a map, empty for none.
func FromTags(tags []types.Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		out[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

// ToTags returns tags as AWS takes them, by key.
func ToTags(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

// Filter returns the filter called name for values.
func Filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

// RestoredID is the default identifier, of at most longest characters, of what is
// restored from source: a function of source and mark, so that a second attempt asks for
// the same name.
func RestoredID(source string, mark driver.Mark, longest int) string {
	suffix := "-restored-" + mark.Token()[3:9]
	keep := min(len(source), longest-len(suffix))
	return strings.TrimRight(source[:keep], "-") + suffix
}

// ChosenGroup leaves out a default parameter or option group, which AWS picks by itself
// for the engine's version.
func ChosenGroup(group string) string {
	if strings.HasPrefix(group, "default.") || strings.HasPrefix(group, "default:") {
		return ""
	}
	return group
}

// RestoreAttribute is the attribute of a snapshot that lists the accounts which may copy it.
const RestoreAttribute = "restore"

// Optional returns s, nil when it is empty.
func Optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
