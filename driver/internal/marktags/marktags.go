// Package marktags makes the tags of an artefact fit what AWS accepts.
package marktags

import (
	"maps"
	"slices"
	"strings"

	"holdfast/driver"
)

// Limits of user tags on one resource.
// Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
const (
	maxTags      = 50
	maxValueRune = 256
	reserved     = "aws:"
)

// For returns the mark's tags merged over extra, with reserved keys left out, values cut
// at 256 characters, and at most 50 tags: the mark always, then extra in key order.
func For(mark driver.Mark, extra map[string]string) map[string]string {
	tags := mark.Tags(nil)
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		if _, taken := tags[key]; taken || len(tags) >= maxTags || strings.HasPrefix(key, reserved) {
			continue
		}
		tags[key] = extra[key]
	}
	for key, value := range tags {
		if runes := []rune(value); len(runes) > maxValueRune {
			tags[key] = string(runes[:maxValueRune])
		}
	}
	return tags
}

// Inherited returns the tags of a source that a resource restored from it takes over:
// all but another artefact's mark.
func Inherited(tags map[string]string) map[string]string {
	kept := maps.Clone(tags)
	maps.DeleteFunc(kept, func(key, _ string) bool { return strings.HasPrefix(key, "holdfast:") })
	return kept
}

// Same reports whether tags carry mark: the same installation and job.
func Same(tags map[string]string, mark driver.Mark) bool {
	found, ok := driver.MarkFromTags(tags)
	return ok && found.Installation == mark.Installation && found.JobID == mark.JobID
}
