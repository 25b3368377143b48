package refs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
)

func TestDeleted(t *testing.T) {
	t.Parallel()
	seen := map[driver.Ref]driver.Status{
		"there": {State: driver.Succeeded, Progress: 100}, "failed": {State: driver.Failed}, "bin": {State: driver.Gone},
	}
	Deleted([]driver.Ref{"there", "failed", "bin", "absent"}, seen)
	want := map[driver.Ref]driver.Status{
		"there": {State: driver.Pending, Progress: -1}, "failed": {State: driver.Pending, Progress: -1},
		"bin": {State: driver.Gone}, "absent": {State: driver.Gone, Progress: -1},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("deletions (-want +got):\n%s", diff)
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"a", "b"}, Strings([]driver.Ref{"a", "b"})); diff != "" {
		t.Errorf("strings (-want +got):\n%s", diff)
	}
}
