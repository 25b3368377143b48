package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// failing records instead of failing the test that looks on.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}

func (f *failing) Errorf(format string, args ...any) { f.said = format }

// TestText is not parallel: it sets the flag.
func TestText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "a.golden")
	asked := *update // by whoever runs this test
	defer func() { *update = asked }()

	*update = true
	Text(t, path, "one\n")
	*update = false
	Text(t, path, "one\n")
	f := &failing{TB: t}
	Text(f, path, "two\n")
	if !strings.Contains(f.said, "make generate") {
		t.Errorf("a difference said %q", f.said)
	}

	*update = true
	JSON(t, path, map[string]int{"a": 1})
	if data, err := os.ReadFile(path); err != nil || string(data) != "{\n  \"a\": 1\n}\n" {
		t.Errorf("JSON wrote %q, %v", data, err)
	}
}
