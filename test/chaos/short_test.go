package chaos_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"holdfast/internal/testkit"
	"holdfast/test/chaos"
)

// TestOneShortSeed is `make chaos` in small: one seed of every kind of fault, fewer jobs.
func TestOneShortSeed(t *testing.T) {
	testkit.Integration(t)
	t.Parallel() // mostly it waits
	dir := t.TempDir()
	binary := filepath.Join(dir, "holdfast")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./holdfast").CombinedOutput(); err != nil {
		t.Fatalf("build the program under test: %v\n%s", err, out)
	}
	counts, err := chaos.Run(t.Context(), chaos.Options{
		Binary: binary, Dir: dir, Jobs: 100, Strikes: 9, Progress: t.Output(), KeepLogs: true,
	}, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(counts)
	if !counts.Clean() || counts.Jobs < 100 {
		t.Errorf("something went wrong: %s", counts)
	}
}
