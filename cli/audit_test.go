package cli

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/catalog/ledger"
)

// tamper changes the catalog behind Holdfast's back.
func tamper(o *office, statement string) {
	o.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(o.dir, "holdfast.db"))
	o.must(err)
	_, err = db.ExecContext(o.t.Context(), statement)
	o.must(errors.Join(err, db.Close()))
}

// history gives an office something to seal.
func (o *office) history() {
	o.insert(jobA, ordersARN, 48*time.Hour, nil)
	o.complete(jobA)
	_, err := ledger.SealAll(o.t.Context(), o.store, ledger.Keys{}, noon)
	o.must(err)
	_, err = o.store.SetCap(o.t.Context(), "account=111122223333", 5, "ana", -1)
	o.must(err)
}

func TestAuditCommands(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.history()
	o.transcript("audit",
		say("audit list"),
		say("audit list --actor ana --output json"),
		say("audit list --type job.state --limit 1"),
		say("audit list --before 3 --type job --since 2026-05-04T00:00:00Z"),
		say("audit verify"),
		say("audit verify --output json"),
		say("audit export"),
		say("audit list --before 1 --since never --limit 0"),
	)
}

func TestAuditFindsTampering(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.history()
	export := filepath.Join(o.dir, "ledger.jsonl")
	if a := o.run("audit", "export", "--out", export); a.code != codeDone {
		t.Fatal(a.stderr)
	}
	if a := o.run("audit", "export", "--out", export); a.code != codeBadInput {
		t.Errorf("an export overwrote a file: exit %d", a.code)
	}
	if a := o.run("audit", "verify", "--file", export); a.code != codeDone {
		t.Errorf("the export: exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	text, err := os.ReadFile(export)
	o.must(err)
	o.write("forged.jsonl", strings.Replace(string(text), "worker-1", "ana", 1))
	a := o.run("audit", "verify", "--file", filepath.Join(o.dir, "forged.jsonl"))
	if a.code != codeAttention || !strings.Contains(a.stdout, "changed") {
		t.Errorf("a forged export: exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	tamper(o, "DELETE FROM events WHERE type = 'job.created'")
	a = o.run("audit", "verify", "--anchor", "7:abc")
	if a.code != codeAttention || !strings.Contains(a.stdout, "missing") || !strings.Contains(a.stdout, "7:abc") {
		t.Errorf("a deleted event: exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
}
