package drivertest

import (
	"path"
	"testing"

	"holdfast/driver"
	"holdfast/driver/iam"
	"holdfast/resource"
)

// watched is a harness that sees which IAM actions the calls of drivers need.
type watched interface {
	// Used returns the actions needed so far, by the purpose of the session.
	Used() map[resource.Purpose]map[string]bool
	Descriptor() driver.Descriptor
}

// checkActions holds what the checks used against what the descriptor lists: a call beyond
// the list, or an action that is listed and never used, is an error.
func checkActions(t *testing.T, h watched) {
	t.Helper()
	d, used := h.Descriptor(), h.Used()
	for _, purpose := range resource.Purposes() {
		for action := range used[purpose] {
			if !listed(d.Actions[purpose], action) {
				t.Errorf("%s for %s calls %s, which its descriptor does not list", iam.PolicyName(d), purpose, action)
			}
		}
		for _, action := range d.Actions[purpose] {
			if iam.Unseen(d, action) == "" && !used[purpose][action] {
				t.Errorf("%s for %s lists %s, which no check calls: leave it out, or say why in Descriptor.Unseen", iam.PolicyName(d), purpose, action)
			}
		}
	}
}

func listed(patterns []string, action string) bool {
	for _, pattern := range patterns {
		if fits, err := path.Match(pattern, action); err == nil && fits {
			return true
		}
	}
	return false
}
