package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// reported is an office with jobs that completed, wait and failed.
func reported(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	o.insert(jobA, ordersARN, 20*time.Hour, nil)
	o.complete(jobA)
	o.insert(jobB, ledgerARN, 10*time.Hour, nil)
	return o
}

func TestReportCommand(t *testing.T) {
	t.Parallel()
	reported(t).transcript("report",
		say("report backup"),
		say("report backup --from 12h --by unit --format csv"),
		say("report backup --by plan --format csv --table timeline"),
		say("report restore --by tag=team --output json"),
	)
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	newOffice(t).transcript("report_refused",
		say("report"),
		say("report weather --by colour"),
		say("report backup --by colour --format pdf --from 1h --to 2h --table nothing"),
		say("report backup --from 2030-01-01T00:00:00Z --to 2031-01-01T00:00:00Z"),
		say("report backup --out nowhere/at/all.csv"),
		say("report cost --prices nowhere.yaml --by plan --from 2d"),
	)
}

// TestReportIntoFile checks that the ending says the format and that a file is replaced
// as a whole.
func TestReportIntoFile(t *testing.T) {
	t.Parallel()
	o := reported(t)
	for name, begin := range map[string]string{"jobs.csv": "group,jobs,completed", "jobs.json": "{", "jobs.txt": "Backup jobs of acme"} {
		file := filepath.Join(o.dir, name)
		o.must(os.WriteFile(file, []byte(strings.Repeat("before ", 10_000)), 0o600))
		if a := o.run("report", "backup", "--out", file); a.code != codeDone {
			t.Fatalf("%s: exit %d: %s", name, a.code, a.stderr)
		}
		got, err := os.ReadFile(file)
		o.must(err)
		if !strings.HasPrefix(string(got), begin) || strings.Contains(string(got), "before") {
			t.Errorf("%s begins with %.60q, want %q", name, got, begin)
		}
	}
}
