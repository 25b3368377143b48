package fastclock_test

import (
	"path/filepath"
	"testing"
	"time"

	"holdfast/test/chaos/fastclock"
)

var start = time.Date(2026, 3, 3, 1, 50, 0, 0, time.UTC)

func TestProcessesShareTheClockAndMovesOfIt(t *testing.T) {
	t.Parallel()
	mine, err := fastclock.Create(filepath.Join(t.TempDir(), "clock"), start, 20)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := fastclock.Open(mine.Setting(-10 * time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	mine.Move(24 * time.Hour)
	first, second := theirs.Now(), mine.Now()
	if wrong := second.Sub(first); wrong < 10*time.Minute {
		t.Errorf("a process told to be ten minutes behind is %s behind", wrong)
	}
	if first.Before(start.Add(24*time.Hour - 10*time.Minute)) {
		t.Errorf("the other process did not see the move: %s", first)
	}
	if err := theirs.Sleep(t.Context(), 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if passed := theirs.Now().Sub(first); passed < 20*time.Millisecond {
		t.Errorf("only %s passed in a sleep of 20 ms", passed)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{filepath.Join(t.TempDir(), "none"), "clock,soon"} {
		if _, err := fastclock.Open(setting); err == nil {
			t.Errorf("%q is a clock", setting)
		}
	}
}
