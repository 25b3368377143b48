package dashboard

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy/posture"
)

// story is a night with something of everything.
func story() night {
	fire := at.Add(-7 * time.Hour)
	group := func(state catalog.State, jobs int) catalog.OpenGroup {
		return catalog.OpenGroup{Type: driver.Backup, State: state, Account: "111122223333", Plan: "Daily", Rule: "nightly", FireAt: fire, Jobs: jobs, Deadline: at.Add(time.Hour)}
	}
	return night{
		Since: at.Add(-tonight), Leader: catalog.Lease{Held: true, Now: at},
		Open: []catalog.OpenGroup{group(catalog.Running, 3), group(catalog.Created, 5), {Type: driver.Copy, State: catalog.Created, Jobs: 2}},
		Ill: []catalog.IllGroup{
			{Type: driver.Backup, State: catalog.Failed, Class: "denied", Account: "111122223333", Plan: "Daily", Rule: "nightly", FireAt: fire, Jobs: 2, Last: fire},
			{Type: driver.Backup, State: catalog.Failed, Class: "kms", Jobs: 9, Last: at.AddDate(0, 0, -3)},
		},
		Fires: []catalog.Fire{
			{Plan: "Daily", Rule: "nightly", At: fire, State: catalog.FirePlanned, Jobs: 20},
			{Plan: "Daily", Rule: "hourly", At: at.Add(-time.Hour), State: catalog.FireExpired, Note: "missed"},
			{Plan: "Daily", Rule: "nightly", At: fire.AddDate(0, 0, -1), State: catalog.FirePlanned, Jobs: 10},
		},
		Breakers: []catalog.Breaker{{Account: "222233334444"}, {Account: "333344445555", OpenSince: at.Add(-time.Hour), Message: "AccessDenied"}},
		Caps:     []catalog.Cap{{Key: "account=111122223333", Limit: 0, UpdatedBy: "alice", UpdatedAt: at}},
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	list := windowsOf(story(), at)
	if len(list) != 2 {
		t.Fatalf("%d windows, want the two of the last day: %+v", len(list), list)
	}
	w := list[0]
	if diff := cmp.Diff([]int{20, 10, 3, 5, 2}, []int{w.Total, w.Done, w.Running, w.Waiting, w.Ill}); diff != "" || w.Rule != "nightly" || !w.Deadline.Equal(at.Add(time.Hour)) {
		t.Errorf("the run with work left is %+v: total, done, running, waiting, ill %s", w, diff)
	}
	if !list[1].Missed {
		t.Errorf("the missed run is %+v", list[1])
	}
	sum := 0.0
	for _, part := range w.Bar().Parts {
		sum += part.W
	}
	if sum != 75 {
		t.Errorf("the bar is filled to %v percent, want 75", sum)
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	state := &postures{Counts: map[posture.Status]int{posture.Never: 4, posture.Unprotected: 7}}
	var titles []string
	for _, n := range needsOf(story(), state, Policies{Withheld: []string{"the unit web"}}, at) {
		titles = append(titles, n.Title)
	}
	want := []string{
		"Account 333344445555 starts nothing", "An organization policy is withheld", "2 jobs ended with “denied” in account 111122223333",
		"4 resources have no recovery point", "No rule takes 7 resources", "account=111122223333 is paused",
	}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	leaderless := story()
	leaderless.Leader.Held = false
	if first := needsOf(leaderless, state, Policies{}, at)[0]; !strings.Contains(first.Title, "No scheduler") {
		t.Errorf("without a leader the first need is %q", first.Title)
	}
	if got := needsOf(night{Leader: catalog.Lease{Held: true, Now: at}}, &postures{}, Policies{}, at); len(got) != 0 {
		t.Errorf("a good night needs %v", got)
	}
}

func TestNights(t *testing.T) {
	t.Parallel()
	list := nightsOf(story(), at)
	if len(list) != 14 {
		t.Fatalf("%d nights, want 14", len(list))
	}
	today, yesterday := list[13], list[12]
	if today.Good != 18 || today.Ill != 2 || yesterday.Good != 10 {
		t.Errorf("tonight %+v, last night %+v", today, yesterday)
	}
}

func TestSlotsInUse(t *testing.T) {
	t.Parallel()
	list, more := slotsOf([]admission.KeyUsage{
		{Key: "account=1", Cap: 40, Held: 3}, {Key: "account=2", Cap: 5, Held: 5, Waiting: 9}, {Key: "resource=x", Cap: 1, Held: 1}, {Key: "account=3", Cap: 4},
	})
	if len(list) != 2 || more != 0 || list[0].Key != "account=2" || !list[0].Full() {
		t.Errorf("slots are %+v and %d more", list, more)
	}
}

func TestPagesOfResources(t *testing.T) {
	t.Parallel()
	all := &postures{Items: []protected{
		{ARN: "a", Account: "1", Judgement: posture.Judgement{Status: posture.Never}}, {ARN: "b", Account: "2", text: "b orders"}, {ARN: "c", Account: "1"}, {ARN: "d", Account: "1"},
	}}
	list, total, more := all.page(resourceFilter{Account: "1"}, "", 2)
	if len(list) != 2 || total != 3 || !more || list[1].ARN != "c" {
		t.Errorf("first page %v, total %d, more %v", list, total, more)
	}
	list, total, more = all.page(resourceFilter{Account: "1"}, "c", 2)
	if len(list) != 1 || total != 3 || more || list[0].ARN != "d" {
		t.Errorf("second page %v, total %d, more %v", list, total, more)
	}
	if list, _, _ := all.page(resourceFilter{words: []string{"orders", "b"}}, "", 2); len(list) != 1 || list[0].ARN != "b" {
		t.Errorf("by text: %v", list)
	}
}
