package holdfast_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// .ci/vuln fails on a finding and on a checker that is broken, and says loudly, without
// failing, that nothing was checked when the database cannot be reached.
func TestTheVulnerabilityCheckTellsAFindingFromANetwork(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prints string
		exits  string
		failed bool
		says   string
	}{
		"nothing found":                  {"No vulnerabilities found.", "0", false, "No vulnerabilities"},
		"a finding":                      {"Vulnerability #1: GO-2026-0001\nYour code is affected by 1 vulnerability from 1 module.", "3", true, "update what is named above"},
		"no network":                     {"govulncheck: fetching vulnerabilities: dial tcp: lookup vuln.go.dev: no such host", "1", false, "NOTHING WAS CHECKED"},
		"no checker":                     {"go: golang.org/x/vuln@v1.1.4: Get \"https://proxy.golang.org\": 503 Service Unavailable", "1", false, "NOTHING WAS CHECKED"},
		"a finding, and then no network": {"Vulnerability #1: GO-2026-0001\ndial tcp: i/o timeout", "1", true, "update"},
		"broken":                         {"internal error: package without types was imported", "1", true, "the check itself failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checker := filepath.Join(t.TempDir(), "checker")
			script := "#!/bin/sh\ncat <<'END'\n" + tc.prints + "\nEND\nexit " + tc.exits + "\n"
			if err := os.WriteFile(checker, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), ".ci/vuln")
			cmd.Env = append(os.Environ(), "VULNCHECK="+checker)
			output, err := cmd.CombinedOutput()
			if (err != nil) != tc.failed || !strings.Contains(string(output), tc.says) {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
}
