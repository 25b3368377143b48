package drivertest

import (
	"os"
	"testing"

	"holdfast/driver/memdriver"
)

// Not parallel: it changes the environment.
func TestSeedIsSettable(t *testing.T) {
	t.Setenv(SeedVariable, "42")
	if got, err := seed(); got != 42 || err != nil {
		t.Errorf("seed = %d, %v; want 42", got, err)
	}
	t.Setenv(SeedVariable, "the answer")
	if got, err := seed(); err == nil {
		t.Errorf("seed = %d, want an error", got)
	}
}

// Not parallel: it changes the environment.
func TestSeedsDifferUnlessSet(t *testing.T) {
	t.Setenv(SeedVariable, "") // restores it at the end
	if err := os.Unsetenv(SeedVariable); err != nil {
		t.Fatal(err)
	}
	first, err1 := seed()
	second, err2 := seed()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if first == second {
		t.Errorf("two runs have seed %d", first)
	}
}

func BenchmarkReferenceDriver(b *testing.B) {
	Benchmark(b, memdriver.NewHarness(memdriver.Options{Page: 100}))
}
