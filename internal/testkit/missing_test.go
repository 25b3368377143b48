package testkit_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"holdfast/internal/testkit"
)

// recorder takes the place of a test that is expected to fail.
type recorder struct {
	testing.TB
	message string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// Not parallel: it changes the environment.
func TestMissingProgramFailsAndSaysHowToInstall(t *testing.T) {
	testkit.Integration(t)
	t.Setenv("PATH", t.TempDir())
	rec := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		testkit.Redis(rec)
	}()
	<-done
	for _, want := range []string{"redis-server is missing", "make deps"} {
		if !strings.Contains(rec.message, want) {
			t.Errorf("message %q lacks %q", rec.message, want)
		}
	}
}
