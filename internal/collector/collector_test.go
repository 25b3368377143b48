package collector

import (
	"runtime/debug"
	"testing"
)

// TestRelax is not parallel: the setting is the process's.
func TestRelax(t *testing.T) {
	own := debug.SetGCPercent(goDefault)
	defer debug.SetGCPercent(own)
	for _, test := range []struct{ before, after int }{
		{goDefault, relaxed},           // nobody has set anything
		{relaxed, relaxed},             // a second service of the process
		{50, 50}, {-1, -1}, {800, 800}, // GOGC
	} {
		debug.SetGCPercent(test.before)
		Relax()
		if got := debug.SetGCPercent(test.before); got != test.after {
			t.Errorf("with GOGC=%d Relax set %d, want %d", test.before, got, test.after)
		}
	}
}
