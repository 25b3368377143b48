package engine_test

import (
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
	"holdfast/test/rig"
)

// breaker returns the breaker of the rig's account.
func breaker(r *rig.Rig) catalog.Breaker {
	r.TB.Helper()
	b, err := r.Store.Breaker(r.Context(), rig.Account)
	r.Must(err)
	return b
}

func TestBreakerOpensAfterThreeInARowAndClosesOnSuccess(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	job := newBackup(r)
	lift := r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Denied})
	wait := failure.RuleOf(failure.Denied).Base
	var opened time.Time
	for n := 1; n <= 4; n++ {
		r.Submit()
		r.Work(r.Engine)
		b := breaker(r)
		if b.Failures != n || b.Open() != (n >= 3) {
			t.Fatalf("after %d denied starts the breaker is %+v", n, b)
		}
		if n == 3 {
			opened = r.Clock.Now()
		}
		if b.Open() && (b.OpenSince != opened || b.ProbeAt != r.Clock.Now().Add(5*time.Minute) || b.Message == "") {
			t.Errorf("the open breaker is %+v", b)
		}
		wantState(t, r, job.ID, catalog.Created)
		r.Advance(wait)
	}
	lift()
	r.Submit()
	r.Work(r.Engine)
	wantState(t, r, job.ID, catalog.Running)
	if b := breaker(r); b.Open() || b.Failures != 0 {
		t.Errorf("after a start that worked the breaker is %+v", b)
	}
}

func TestBreakerForgetsFailuresThatAreNotInARow(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	for i, source := range r.AddResources(6) {
		if i%2 == 0 {
			r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Credentials, Times: 1})
		}
		r.Insert(r.NewBackup(source.Name, source))
		r.Submit()
		r.Work(r.Engine)
		if b := breaker(r); b.Open() || b.Failures != 1-i%2 {
			t.Errorf("after start %d the breaker is %+v", i, b)
		}
		r.Advance(10 * time.Second)
	}
}

func TestOtherClassesLeaveTheBreakerAlone(t *testing.T) {
	t.Parallel()
	r := rig.New(t, rig.Options{Tokens: true})
	for _, source := range r.AddResources(5) {
		r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Invalid, Times: 1})
		r.Insert(r.NewBackup(source.Name, source))
		r.Submit()
		r.Work(r.Engine)
	}
	if b := breaker(r); b.Failures != 0 {
		t.Errorf("the breaker is %+v", b)
	}
}

// listed stores how the last listing of the account in region went.
func listed(r *rig.Rig, region string, class failure.Class) {
	r.TB.Helper()
	r.Must(r.Store.SyncInventory(r.Context(), catalog.InventorySync{
		Scope:     catalog.InventoryScope{Partition: "aws", Account: rig.Account, Region: region, Kind: resource.RDS},
		StartedAt: r.Clock.Now(), EndedAt: r.Clock.Now(), Complete: class == "", Class: class,
	}))
}

// A region that is not enabled in an account refuses every call as if the role were broken.
// The rest of the account must go on.
func TestARegionThatIsNotEnabledDoesNotStopTheAccount(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		here, elsewhere failure.Class
		open            bool
	}{
		"the region": {failure.Credentials, "", false},
		"the role":   {failure.Credentials, failure.Credentials, true},
		"the job":    {"", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t, rig.Options{Tokens: true})
			newBackup(r)
			scopes, err := r.Store.InventoryScopes(r.Context())
			r.Must(err)
			for _, s := range scopes {
				r.Must(r.Store.SyncInventory(r.Context(), catalog.InventorySync{
					Scope: s, StartedAt: r.Clock.Now(), EndedAt: r.Clock.Now(), Class: tc.here, Complete: false,
				}))
			}
			listed(r, rig.HomeRegion, tc.here)
			listed(r, rig.AwayRegion, tc.elsewhere)
			r.Cloud.Inject(conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.Credentials})
			for range 3 {
				r.Submit()
				r.Work(r.Engine)
				r.Advance(failure.RuleOf(failure.Credentials).Base)
			}
			if b := breaker(r); b.Open() != tc.open {
				t.Errorf("the breaker is %+v", b)
			}
		})
	}
}
