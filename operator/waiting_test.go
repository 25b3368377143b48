package operator

import (
	"testing"
	"time"

	"holdfast/admission"
)

var noon = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

func TestTurnsBefore(t *testing.T) {
	t.Parallel()
	line := func(ring admission.Ring, account, group string, jobs int) queued {
		return queued{admission.Request{Ring: ring, Account: account, Group: group}, jobs}
	}
	lines := []queued{
		line(admission.Normal, "a", "a1", 10), line(admission.Normal, "a", "a2", 2), line(admission.Normal, "a", "a3", 100),
		line(admission.Normal, "b", "b1", 1), line(admission.Normal, "c", "c1", 1000), line(admission.Express, "b", "b2", 7),
	}
	mine := lines[0].Request
	for ahead, want := range map[int]int{
		0: 0 + (1 + 1) + (1 + 3) + 7,  // one turn of a2 and a3, then b and c as often as a
		3: 3 + (2 + 4) + (1 + 10) + 7, // a2 has two jobs only
	} {
		if got := turnsBefore(mine, ahead, lines); got != want {
			t.Errorf("%d ahead: %d go first, want %d", ahead, got, want)
		}
	}
	if got := turnsBefore(lines[5].Request, 2, lines); got != 2 {
		t.Errorf("%d go before a restore, want the two in its own line", got)
	}
}

func TestGoesBefore(t *testing.T) {
	t.Parallel()
	at := func(id string, band int, deadline time.Time) admission.Request {
		return admission.Request{JobID: id, Band: band, Deadline: deadline}
	}
	order := []admission.Request{
		at("z", 0, time.Time{}), at("y", 1, noon), at("w", 1, noon.Add(time.Hour)), at("x", 1, noon.Add(time.Hour)), at("a", 1, time.Time{}),
	}
	for i := range order {
		for j := range order {
			if got := goesBefore(order[i], order[j]); got != (i < j) {
				t.Errorf("%s before %s: %v", order[i].JobID, order[j].JobID, got)
			}
		}
	}
}
