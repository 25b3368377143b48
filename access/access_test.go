package access

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"holdfast/failure"
)

// TestTable spells out who may do what once more: a change of the table is a decision.
func TestTable(t *testing.T) {
	t.Parallel()
	want := map[Role][]Action{
		Viewer:   {View},
		Operator: {View, BackUp, Copy, AddHold, Cancel, SetLimits},
		Restorer: {View, Restore, AddHold},
		Admin:    {View, BackUp, Copy, Restore, Expire, AddHold, RemoveHold, LockVault, UnlockVault, ApproveDeletions, Cancel, Release, SetLimits, WorkQueues, ManageUsers},
		"":       nil, "root": nil,
	}
	for role, may := range want {
		for _, r := range Rights() {
			if got := May(role, r.Action); got != slices.Contains(may, r.Action) {
				t.Errorf("%q may %s: %v", role, r.Action, got)
			}
		}
	}
	if May(Admin, "fly") {
		t.Error("an action nobody knows is allowed")
	}
	if len(Rights()) != len(want[Admin]) {
		t.Errorf("the table has %d rows, admin may do %d things", len(Rights()), len(want[Admin]))
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if err := (Actor{"ana", Restorer}).Check(Restore); err != nil {
		t.Error(err)
	}
	err := (Actor{"ana", Restorer}).Check(Expire)
	var denied *DeniedError
	if !errors.As(err, &denied) || failure.ClassOf(err) != failure.Denied || !strings.Contains(err.Error(), "ana has the role restorer") {
		t.Errorf("got %v", err)
	}
}
