package conformance_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/driver/memdriver"
	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// defect is one way to break the reference driver and the checks that must notice.
type defect struct {
	name  string
	opts  memdriver.Options
	wrap  func(b *brokenDriver) driver.Driver
	fails string // names of checks, separated by spaces; OP- stands for each operation
}

// checks returns the names of the checks that must fail.
func (d defect) checks() []string {
	var names []string
	for name := range strings.FieldsSeq(d.fails) {
		rest, each := strings.CutPrefix(name, "OP-")
		if !each {
			names = append(names, name)
			continue
		}
		for _, op := range []string{"backup-", "copy-", "restore-"} {
			names = append(names, op+rest)
		}
	}
	return names
}

func defects() []defect {
	return slices.Concat(
		descriptorDefects(), listingDefects(), beginDefects(), findDefects(), lookDefects(),
		deleteDefects(), errorDefects(), markDefects(), copyDefects(), accountDefects(), restoreDefects(), lifecycleDefects(),
	)
}

const seed = 7

func TestBrokenDriversFail(t *testing.T) {
	t.Parallel()
	t.Cleanup(lingering.Wait)
	byName := map[string]conformance.Check{}
	for _, check := range conformance.Checks() {
		byName[check.Name] = check
	}
	for _, d := range defects() {
		for _, name := range d.checks() {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				check, ok := byName[name]
				if !ok {
					t.Fatalf("no check is called %q", name)
				}
				h := memdriver.NewHarness(d.opts)
				if r := check.Run(t.Context(), h, seed); r.Err != nil || r.Skipped != "" {
					t.Fatalf("the check does not pass on the sound driver: %+v", r)
				}
				result := check.Run(t.Context(), brokenHarness{h, d.wrap}, seed)
				if result.Err == nil {
					t.Fatalf("the check did not notice (skipped: %q)", result.Skipped)
				}
				t.Logf("noticed: %v", result.Err)
			})
		}
	}
}

// A check no defect makes fail may be one that cannot fail.
func TestEveryCheckIsFailedBySomeDefect(t *testing.T) {
	t.Parallel()
	failed := map[string]bool{}
	for _, d := range defects() {
		for _, name := range d.checks() {
			failed[name] = true
		}
	}
	for _, check := range conformance.Checks() {
		if !failed[check.Name] {
			t.Errorf("no broken driver fails %q", check.Name)
		}
		delete(failed, check.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		t.Errorf("defects name %q, which is no check", name)
	}
}

func TestCheckNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, check := range conformance.Checks() {
		if seen[check.Name] {
			t.Errorf("two checks are called %q", check.Name)
		}
		if check.Ability() == "" {
			t.Errorf("%s is about no ability: add it to abilities", check.Name)
		}
		if check.Proves == "" {
			t.Errorf("%s does not say what it proves", check.Name)
		}
		seen[check.Name] = true
	}
}

// An exemption is a skip with a reason, never a pass.
func TestExemptCheckIsSkippedWithItsReason(t *testing.T) {
	t.Parallel()
	h := exempting{memdriver.NewHarness(memdriver.Options{}), map[string]string{"delete": "it rains"}}
	for _, check := range conformance.Checks() {
		if check.Name != "delete" {
			continue
		}
		if r := check.Run(t.Context(), h, seed); r.Skipped != "it rains" || r.Err != nil {
			t.Errorf("result %+v, want it skipped", r)
		}
	}
}

type exempting struct {
	conformance.Harness
	exempt map[string]string
}

func (e exempting) Facts() conformance.Facts {
	f := e.Harness.Facts()
	f.Exempt = e.exempt
	return f
}

// noCopier hides the optional interfaces of a driver.
type noCopier struct{ driver.Driver }

func TestChecksOfCopiesAreSkippedWithoutCopier(t *testing.T) {
	t.Parallel()
	h := brokenHarness{memdriver.NewHarness(memdriver.Options{}), func(b *brokenDriver) driver.Driver { return noCopier{b} }}
	skipped := 0
	for _, check := range conformance.Checks() {
		if !strings.HasPrefix(check.Name, "copy-") && !strings.HasPrefix(check.Name, "account-") && !strings.HasPrefix(check.Name, "restore-") {
			continue
		}
		if r := check.Run(context.Background(), h, seed); r.Skipped == "" {
			t.Errorf("%s ran: %v", check.Name, r.Err)
		}
		skipped++
	}
	if skipped == 0 {
		t.Error("there are no such checks")
	}
}
