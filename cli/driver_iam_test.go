package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/driver/iam"
)

func TestDriverIAMPrintsWhatIsDeployed(t *testing.T) {
	t.Parallel()
	for line, file := range map[string]string{
		"--role expire":           "expire.json",
		"--role hub":              "hub.json",
		"--format cloudformation": "stackset.json",
		"--format terraform":      filepath.Join("terraform", "main.tf"),
	} {
		got := typed(t, append([]string{"driver", "iam"}, strings.Fields(line)...)...)
		want, err := os.ReadFile(filepath.Join("..", "deploy", "iam", file))
		if err != nil || got.code != codeDone || got.stdout != string(want) {
			t.Errorf("driver iam %s: exit code %d, %v, and not what %s has:\n%s", line, got.code, err, file, got.stderr)
		}
	}
}

func TestDriverIAMFillsIn(t *testing.T) {
	t.Parallel()
	got := typed(t, "driver", "iam", "--partition", "aws-cn", "--installation", "prod", "--role-prefix", "vault",
		"--external-id", "e-1", "--hub-role", "arn:aws-cn:iam::222222222222:role/hub")
	var out struct{ Policies map[string]iam.Policy }
	if err := json.Unmarshal([]byte(got.stdout), &out); err != nil || len(out.Policies) != 7 {
		t.Fatalf("%d policies, %v: %s", len(out.Policies), err, got.stderr)
	}
	for _, want := range []string{`"prod"`, "arn:aws-cn:iam::*:role/vault-*", `"e-1"`, "arn:aws-cn:iam::222222222222:role/hub", "ec2.*.amazonaws.com.cn"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestDriverIAMRefuses(t *testing.T) {
	t.Parallel()
	got := typed(t, "driver", "iam", "--format", "xml", "--partition", "mars", "--role", "admin", "more")
	if got.code != codeBadInput || strings.Count(got.stderr, "\n") != 5 {
		t.Errorf("exit code %d:\n%s", got.code, got.stderr)
	}
}
