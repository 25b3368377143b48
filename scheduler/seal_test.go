package scheduler_test

import (
	"testing"

	"holdfast/catalog"
	"holdfast/catalog/ledger"
	"holdfast/test/rig"
)

// A night's history is sealed by its leader, and the next leader goes on where it ended.
func TestTheLeaderSealsTheHistory(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{})
	l.AddResources(2)
	l.nightly(nil)
	l.fire(0)
	l.do("seal")
	l.restart()
	l.at(1, 14, 0)
	l.SyncInventory()
	l.do("fires", "seal", "seal")
	r, err := ledger.Check(l.Context(), l.Store, ledger.Keys{}, "")
	l.Must(err)
	if !r.Good() || r.Segments < 2 || r.Events < 4 || r.Unsealed.Events != 0 {
		t.Errorf("%+v", r)
	}
	l.Must(l.Store.AppendEvents(l.Context(), []catalog.Event{{At: l.Clock.Now(), Type: "x", Actor: "ana"}}))
	if at, err := l.Store.OldestUnsealed(l.Context()); err != nil || !at.Equal(l.Clock.Now()) {
		t.Errorf("the oldest unsealed event is from %v, %v", at, err)
	}
}
