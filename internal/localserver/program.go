package localserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
)

// findProgram finds an executable: in the PATH, then by the patterns, newest version first.
// The error names the command that installs it.
func findProgram(name string, patterns ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("look for %s: %w", name, err)
		}
		// Versions of equal length sort by number: the last is the newest.
		sort.Strings(found)
		for _, f := range slices.Backward(found) {
			if path, err := exec.LookPath(f); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s is missing (neither in PATH nor in %q): install it with `make deps`", name, patterns)
}

// home returns the home directory joined with elem, or a path that does not exist when
// there is no home.
func home(elem ...string) string {
	dir, err := os.UserHomeDir()
	if err != nil {
		dir = "/nonexistent"
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}
