package policy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/resource"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testCaps are kinds of three sorts: copies anywhere, copies inside the account, no copies.
var testCaps = []Capabilities{
	{Kind: resource.EBS, ARNPattern: "arn:*:ec2:*:*:volume/*", CopyRegion: true, CopyAccount: true, ColdStorage: true},
	{Kind: resource.RDS, ARNPattern: "arn:*:rds:*:*:db:*", CopyRegion: true},
	{Kind: resource.DynamoDB, ARNPattern: "arn:*:dynamodb:*:*:table/*"},
}

var ignoreCompiled = cmpopts.IgnoreUnexported(Selection{})

// golden compares got with a file below testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, -update rewrites):\n%s", path, diff)
	}
}

// text writes a result the way a user sees it.
func text(r Result) string {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString("error: " + p.String() + "\n")
	}
	for _, w := range r.Warnings {
		b.WriteString("warning: " + w.String() + "\n")
	}
	return b.String()
}

func readFile(t testing.TB, path string) File {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: filepath.Base(path), Data: data}
}

func TestCompileExample(t *testing.T) {
	t.Parallel()
	set, result := Compile([]File{readFile(t, "../docs/examples/policies.yaml")}, testCaps)
	if set == nil {
		t.Fatalf("the example does not compile:\n%s", text(result))
	}
	if len(result.Warnings) > 0 {
		t.Errorf("the example has warnings:\n%s", text(result))
	}
	nightly := Rule{
		Name: "nightly", Vault: "default",
		Schedule:          mustSchedule(t, "cron(0 2 * * ? *)", "Europe/Berlin"),
		StartWindow:       8 * time.Hour,
		CompletionWindow:  7 * 24 * time.Hour,
		Lifecycle:         Lifecycle{DeleteAfterDays: 35},
		RecoveryPointTags: map[string]string{"cost-centre": "backup"},
	}
	if diff := cmp.Diff(&nightly, set.Plan("Production").Rule("NIGHTLY")); diff != "" {
		t.Error(diff)
	}
	weekly := set.Plan("disaster-recovery").Rule("weekly")
	want := CopyAction{
		DestinationVaultARN: "arn:aws:backup:eu-west-1:111122223333:backup-vault:dr",
		Region:              "eu-west-1", Account: "111122223333", Vault: "dr",
		Lifecycle: Lifecycle{DeleteAfterDays: 90},
		KMSKeyARN: "arn:aws:kms:eu-west-1:111122223333:alias/backup",
	}
	if diff := cmp.Diff(want, weekly.CopyActions[0].For("111122223333")); diff != "" {
		t.Error(diff)
	}
}
