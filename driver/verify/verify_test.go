package verify_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/memdriver"
	"holdfast/driver/verify"
	"holdfast/resource"
)

// tried is the reference driver without its optional interfaces; what AWS lacks is given.
type tried struct {
	driver.Driver
	lacks map[conformance.Ability]string
}

func (t tried) Wiring() conformance.Wiring { return conformance.Wiring{Unsupported: t.lacks} }

// harness has worlds whose drivers are as tried is.
type harness struct{ conformance.Harness }

type world struct{ conformance.World }

func (h harness) World(ctx context.Context) (conformance.World, error) {
	w, err := h.Harness.World(ctx)
	return world{w}, err
}

func (w world) Driver() driver.Driver { return tried{Driver: w.World.Driver()} }

func TestWhatADriverLacksFailsUnlessAWSLacksIt(t *testing.T) {
	t.Parallel()
	memory := memdriver.NewHarness(memdriver.Options{})
	w, err := memory.World(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	subject := verify.Subject{
		Driver:  tried{w.Driver(), map[conformance.Ability]string{conformance.CanCancel: "it cannot be stopped"}},
		Harness: harness{memory},
	}
	told := 0
	results, err := verify.Run(t.Context(), []verify.Subject{subject}, verify.Options{Seed: 1, Parallel: 4, Done: func(int, int) { told++ }})
	if err != nil || told != len(conformance.Checks()) {
		t.Fatalf("%d of %d checks were told of: %v", told, len(conformance.Checks()), err)
	}
	kind := resource.EBS // memdriver's
	got := map[conformance.Ability]verify.Outcome{}
	for _, ability := range conformance.Abilities() {
		got[ability], _ = verify.Cell(results, kind, driver.Native, ability)
	}
	want := map[conformance.Ability]verify.Outcome{
		// Embedding hid the driver's copies and restores, which its descriptor claims.
		conformance.CanDiscover: verify.Fail, conformance.CanCopyRegion: verify.Fail, conformance.CanCopyAccount: verify.Fail,
		conformance.CanRestore: verify.Fail, conformance.CanCancel: verify.Unsupported,
		conformance.CanBackUp: verify.Pass, conformance.CanExpire: verify.Pass, conformance.CanChill: verify.Pass,
		conformance.SurvivesCrash: verify.Pass, conformance.TellsErrors: verify.Pass, conformance.Looks: verify.Pass,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("abilities (-want +got):\n%s", diff)
	}
	if verify.Failed(results) == 0 {
		t.Error("nothing failed")
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	memory := memdriver.NewHarness(memdriver.Options{})
	w, err := memory.World(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	results, err := verify.Run(ctx, []verify.Subject{{Driver: tried{Driver: w.Driver()}, Harness: memory}}, verify.Options{})
	if err == nil || len(results) > 0 {
		t.Errorf("%d results, %v: want none and the context's error", len(results), err)
	}
}
