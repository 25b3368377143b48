package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"holdfast/internal/testkit"
)

func TestDriverVerify(t *testing.T) {
	t.Parallel()
	got := typed(t, "driver", "verify", "--kind", "vmware", "--output", "json")
	var out struct {
		Results []map[string]string `json:"results"`
	}
	if err := json.Unmarshal([]byte(got.stdout), &out); err != nil || got.code != codeDone || got.stderr != "" {
		t.Fatalf("exit code %d, %v, stderr %q", got.code, err, got.stderr)
	}
	abilities := map[string]bool{}
	for _, r := range out.Results {
		if len(r) != 6 || r["kind"] != "vmware" || r["engine"] != "aws-backup" || r["check"] == "" || r["detail"] == "" || r["result"] != "pass" {
			t.Errorf("result %v", r)
		}
		abilities[r["ability"]] = true
	}
	if len(abilities) != 11 {
		t.Errorf("abilities %v, want all eleven", abilities)
	}
}

// A kind that AWS Backup cannot stop: its backup session may not look at jobs.
func TestDriverVerifyInNarrowSessions(t *testing.T) {
	t.Parallel()
	got := typed(t, "driver", "verify", "--kind", "rds", "--engine", "aws-backup")
	if got.code != codeDone || !strings.Contains(got.stdout, ", 0 failed") {
		t.Errorf("exit code %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestDriverVerifyRefuses(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, line := range []string{
		"driver verify --kind floppy --engine tape --target moon more",
		"driver verify --kind efs --engine native",
	} {
		a := typed(t, strings.Fields(line)...)
		fmt.Fprintf(&b, "$ holdfast %s\n%s%s--- exit %d\n\n", line, a.stdout, a.stderr, a.code)
	}
	golden.Text(t, filepath.Join("testdata", "driver_verify.golden"), trimLines(b.String()))
}

func TestDriverVerifyOnMoto(t *testing.T) {
	t.Parallel()
	server := testkit.Moto(t)
	got := typed(t, "driver", "verify", "--kind", "ebs", "--target", "moto", "--endpoint", server.URL)
	if got.code != codeDone || !strings.Contains(got.stdout, "9 checks, 0 failed") {
		t.Errorf("exit code %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
}
