package cli

import (
	"strings"
	"sync"
	"testing"

	"holdfast/internal/version"
)

// Command lines may be parsed side by side; the race detector watches.
func TestCommandsRunSideBySide(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for line, want := range map[string]string{
				"holdfast --help":             "COMMANDS:",
				"holdfast -h":                 "GLOBAL OPTIONS:",
				"holdfast --version":          version.String(),
				"holdfast jobs --help":        "release",
				"holdfast jobs list --help":   "--state",
				"holdfast jobs list -h":       "--output",
				"holdfast config example":     "installation:",
				"holdfast help-me":            "",
				"holdfast jobs list --helpme": "",
			} {
				var stdout, stderr strings.Builder
				code := Run(t.Context(), Env{Args: strings.Fields(line), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr})
				if good := code == codeDone && strings.Contains(stdout.String(), want); good != (want != "") {
					t.Errorf("%s: exit %d: %s%s", line, code, stdout.String(), stderr.String())
				}
			}
		})
	}
	all.Wait()
}
