package all

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/resource"
)

// TestActions pins the IAM actions of every role, which operators grant.
func TestActions(t *testing.T) {
	t.Parallel()
	registry := New(nil)
	actions := map[string]map[resource.Purpose][]string{}
	for _, d := range registry.All() {
		actions[string(d.Descriptor().Kind)+" by "+string(driver.EngineOf(d))] = d.Descriptor().Actions
	}
	golden.JSON(t, filepath.Join("testdata", "actions.json"), actions)
}

// TestOnlyExpiryDeletes is the point of having a role per purpose.
func TestOnlyExpiryDeletes(t *testing.T) {
	t.Parallel()
	registry := New(nil)
	for _, d := range registry.All() {
		kind := d.Descriptor().Kind
		for purpose, actions := range d.Descriptor().Actions {
			for _, action := range actions {
				deletes := strings.Contains(action, ":Delete") && action != "dynamodb:DeleteItem"
				if deletes && purpose != resource.ForExpire {
					t.Errorf("%s: the role for %s may %s", kind, purpose, action)
				}
			}
			if !slices.IsSorted(actions) {
				t.Errorf("%s: actions for %s are not sorted", kind, purpose)
			}
		}
	}
}

// TestCapabilities checks that what a descriptor claims is implemented and the reverse.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	registry := New(nil)
	for _, d := range registry.All() {
		facts := d.Descriptor()
		kind := facts.Kind
		if _, copies := d.(driver.Copier); copies != (facts.CopyRegion || facts.CopyAccount) {
			t.Errorf("%s: Copier is %t, the descriptor says region %t, account %t", kind, copies, facts.CopyRegion, facts.CopyAccount)
		}
		if _, restores := d.(driver.Restorer); restores != (len(facts.Restore) > 0) {
			t.Errorf("%s: Restorer is %t with %d parameters", kind, restores, len(facts.Restore))
		}
		if _, rewinds := d.(driver.Rewinder); rewinds != facts.PointInTime {
			t.Errorf("%s by %s: Rewinder is %t, the descriptor says point in time %t", kind, driver.EngineOf(d), rewinds, facts.PointInTime)
		}
	}
}

// TestEveryDriverCanBeTried is what `driver verify` relies on.
func TestEveryDriverCanBeTried(t *testing.T) {
	t.Parallel()
	for _, d := range New(nil).All() {
		tried, ok := d.(conformance.Tried)
		if !ok {
			t.Errorf("the %s driver of %s has no Wiring", driver.EngineOf(d), d.Descriptor().Kind)
			continue
		}
		for ability := range tried.Wiring().Unsupported {
			if !slices.Contains(conformance.Abilities(), ability) {
				t.Errorf("%s by %s: %q is no ability", d.Descriptor().Kind, driver.EngineOf(d), ability)
			}
		}
	}
}
