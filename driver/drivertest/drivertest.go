// Package drivertest runs the conformance checks as tests. Only tests import it.
package drivertest

import (
	"context"
	"fmt"
	"hash/maphash"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/driver/conformance"
)

// SeedVariable is the environment variable that sets the seed of all checks, to have a
// failure again. Without it each run has a seed of its own.
const SeedVariable = "HOLDFAST_CONFORMANCE_SEED"

// checkTimeout bounds one check.
const checkTimeout = 2 * time.Minute

// Run runs every check on h, each as a parallel subtest of its name. A check that does not
// apply to the driver is skipped with the reason: the driver's descriptor or the harness's
// Exempt, in which Run accepts only names of checks.
func Run(t *testing.T, h conformance.Harness) {
	t.Helper()
	seed, err := seed()
	if err != nil {
		t.Fatal(err)
	}
	known, ran := map[string]bool{}, atomic.Int32{}
	for _, check := range conformance.Checks() {
		known[check.Name] = true
		t.Run(check.Name, func(t *testing.T) {
			t.Parallel()
			ran.Add(1)
			runCheck(t, check, h, seed)
		})
	}
	if w, ok := h.(watched); ok {
		t.Cleanup(func() {
			if int(ran.Load()) == len(known) { // and not only those -run asks for
				checkActions(t, w)
			}
		})
	}
	for name := range h.Facts().Exempt {
		if !known[name] {
			t.Errorf("the harness exempts %q, which is no check", name)
		}
	}
}

func runCheck(t *testing.T, check conformance.Check, h conformance.Harness, seed uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), checkTimeout)
	defer cancel()
	result := check.Run(ctx, h, seed)
	switch {
	case result.Skipped != "":
		t.Skipf("does not apply: %s", result.Skipped)
	case result.Err != nil:
		t.Errorf("%s\n%v\nagain with %s=%d", check.Proves, result.Err, SeedVariable, seed)
	}
}

// seed returns the seed from the environment, or a random one.
func seed() (uint64, error) {
	text, ok := os.LookupEnv(SeedVariable)
	if !ok {
		return new(maphash.Hash).Sum64(), nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s=%q is not a number", SeedVariable, text)
	}
	return n, nil
}
