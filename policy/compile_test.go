package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/policy/retention"
	"holdfast/resource"
)

// testCaps are kinds of three sorts: copies anywhere, copies inside the account, no copies.
var testCaps = []Capabilities{
	Native(resource.EBS, "arn:*:ec2:*:*:volume/*", Abilities{CopyRegion: true, CopyAccount: true, ColdStorage: true}),
	Native(resource.RDS, "arn:*:rds:*:*:db:*", Abilities{CopyRegion: true}),
	Native(resource.DynamoDB, "arn:*:dynamodb:*:*:table/*", Abilities{}),
}

var ignoreCompiled = cmpopts.IgnoreUnexported(Selection{})

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

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
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
		Retention:         retention.Policy{KeepWeekly: 12, KeepMonthly: 12, Location: zone(t, "Europe/Berlin")},
		Priority:          1, MaxDelay: 2 * time.Hour, RPOObjective: 26 * time.Hour,
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

func TestCompileGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mistakes", "warnings", "impossible"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, result := Compile([]File{readFile(t, "testdata/"+name+".yaml")}, testCaps)
			if (set == nil) != (len(result.Problems) > 0) {
				t.Errorf("set %v with %d problems", set, len(result.Problems))
			}
			golden.Text(t, "testdata/"+name+".golden", text(result))
		})
	}
}

// with puts a line into the rule of an otherwise good document, or replaces the one that
// has the same key.
func with(line string) string {
	lines := []string{
		"plans:", "  - name: p", "    rules:", "      - name: r", "        target_backup_vault_name: default",
		"    selections:", "      - name: s", "        resources: ['*']",
	}
	trimmed := strings.TrimLeft(line, " ")
	indent := len(line) - len(trimmed)
	key, _, _ := strings.Cut(trimmed, ":")
	for i, l := range lines {
		if strings.HasPrefix(strings.TrimLeft(l, " -"), key+":") && strings.IndexFunc(l, func(r rune) bool { return r != ' ' && r != '-' }) == indent {
			lines[i] = l[:indent] + trimmed
			return strings.Join(lines, "\n")
		}
	}
	return strings.Join(append(lines[:5:5], append([]string{line}, lines[5:]...)...), "\n")
}

func compileText(data string) (*Set, Result) {
	return Compile([]File{{Name: "p.yaml", Data: []byte(data)}}, nil)
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	const in = "        " // the rule's keys
	copyTo := func(arn string) string {
		return with(in + "copy_actions: [{destination_backup_vault_arn: " + arn + "}]")
	}
	withKey := func(arn string) string {
		return with(in + "copy_actions: [{destination_backup_vault_arn: 'arn:aws:backup:eu-west-1:$account:backup-vault:dr', kms_key_arn: '" + arn + "'}]")
	}
	tests := []struct{ name, data, want string }{
		{"empty file", "", "p.yaml: the file is empty"},
		{"comment only", "# nothing\n", "the file is empty"},
		{"null", "~", "p.yaml:1: want key: value pairs, found nothing"},
		{"list", "- plans", "p.yaml:1: want key: value pairs, found a list"},
		{"no plans key", "{}", "p.yaml:1: plans: plans is missing"},
		{"null plans", "plans:", "p.yaml:1: plans: want a list, found nothing"},
		{"syntax", "plans:\n  - name: [", "p.yaml:2: not valid YAML"},
		{"syntax in second document", with("") + "\n---\n[", "not valid YAML"},
		{"two documents", "plans: []\n---\nplans: []", "p.yaml:2: the file has a second document"},
		{"not UTF-8", "plans: []\n# \xff", "p.yaml:2: the file is not UTF-8: byte 12"},
		{"UTF-16", "\xff\xfep\x00l\x00", "not UTF-8"},
		{"control character", "plans: []\n# \x01", "not valid YAML"},
		{"tab", "plans:\n\t- name: x", "not valid YAML"},
		{"unknown anchor", "plans: *x", "not valid YAML"},
		{"complex key", "plans: []\n? [plans]\n: []", "a key must be plain text, found a list"},
		{"unknown key", "plans: []\nversion: 1", `p.yaml:2: version: unknown key "version": the keys here are plans`},
		{"AWS spelling", with(in + "ScheduleExpression: cron(0 5 * * ? *)"), "did you mean schedule_expression?"},
		{"Organizations spelling", with(in + "start_backup_window_minutes: 60"), "did you mean start_window_minutes?"},
		{"rule_name", strings.Replace(with(""), "- name: r", "- rule_name: r", 1), "p.yaml:4: plans[0].rules[0].rule_name: unknown key \"rule_name\": did you mean name?"},
		{"not carried out", with(in + "index_actions: []"), "backup indexes are not carried out"},
		{"missing vault", strings.Replace(with(""), "target_backup_vault_name: default", "schedule_expression: cron(0 1 * * ? *)", 1), "p.yaml:4: plans[0].rules[0].target_backup_vault_name: target_backup_vault_name is missing"},
		{"null text", with(in + "schedule_expression: ~"), "p.yaml:6: plans[0].rules[0].schedule_expression: want text, found nothing"},
		{"number as text", with(in + "target_backup_vault_name: 12"), `want text, found the number 12: put it in quotes, "12"`},
		{"boolean as text", with(in + "target_backup_vault_name: true"), "want text, found the boolean true"},
		{"date as text", with(in + "target_backup_vault_name: 2026-01-01"), "want text, found the date 2026-01-01"},
		{"list as text", with(in + "target_backup_vault_name: [a]"), "want text, found a list"},
		{"fraction", with(in + "start_window_minutes: 60.5"), "want a whole number in plain digits, found the number 60.5"},
		{"octal", with(in + "start_window_minutes: 0200"), "want a whole number in plain digits"},
		{"underscores", with(in + "start_window_minutes: 1_000"), "want a whole number in plain digits"},
		{"hexadecimal", with(in + "start_window_minutes: 0x64"), "want a whole number in plain digits"},
		{"huge number", with(in + "start_window_minutes: 99999999999999999999"), "too large"},
		{"list as number", with(in + "start_window_minutes: [60]"), "want a whole number in plain digits, found a list"},
		{"short start window", with(in + "start_window_minutes: 59"), "59 minutes: want 60 to 52560000"},
		{"long start window", with(in + "start_window_minutes: 52560001"), "want 60 to 52560000"},
		{"short completion window", with(in + "completion_window_minutes: -1"), "-1 minutes: want 60"},
		{"delete 0", with(in + "lifecycle: {delete_after_days: 0}"), "0 days: want 1 to 36500; leave the key out to keep"},
		{"delete -1", with(in + "lifecycle: {delete_after_days: -1}"), "-1 takes the lifecycle off an existing recovery point"},
		{"delete -2", with(in + "lifecycle: {delete_after_days: -2}"), "-2 days: want 1 to 36500"},
		{"delete too late", with(in + "lifecycle: {delete_after_days: 36501}"), "want 1 to 36500"},
		{"cold 0", with(in + "lifecycle: {move_to_cold_storage_after_days: 0}"), "to stay in warm storage"},
		{"cold too close", with(in + "lifecycle: {move_to_cold_storage_after_days: 30, delete_after_days: 119}"), "must be at least 120"},
		{"schedule", with(in + "schedule_expression: rate(1 day)"), "take no rate()"},
		{"empty rules", "plans: [{name: p, rules: [], selections: []}]", "the plan has no rules"},
		{"plan name", with("    name: a b"), `plan name "a b"`},
		{"long name", strings.Replace(with(""), "name: r", "name: "+strings.Repeat("r", 51), 1), "1 to 50 letters"},
		{"vault name", with(in + "target_backup_vault_name: a.b"), `vault name "a.b"`},
		{"copy to no ARN", copyTo("dr"), `"dr" is not an ARN`},
		{"copy to another service", copyTo("'arn:aws:s3:::dr'"), "not the ARN of a backup vault"},
		{"copy to no account", copyTo("'arn:aws:backup:eu-west-1::backup-vault:dr'"), "not the ARN of a backup vault"},
		{"copy to a short account", copyTo("'arn:aws:backup:eu-west-1:123:backup-vault:dr'"), "not twelve digits"},
		{"copy to a variable region", copyTo("'arn:aws:backup:$region:$account:backup-vault:dr'"), `region "$region"`},
		{"copy to a bad vault", copyTo("'arn:aws:backup:eu-west-1:$account:backup-vault:d/r'"), `vault name "d/r"`},
		{"key is no ARN", withKey("alias/backup"), "is not an ARN"},
		{"key of another service", withKey("arn:aws:iam:eu-west-1:$account:key/1"), "not the ARN of a KMS key"},
		{"key elsewhere", withKey("arn:aws:kms:us-east-1:$account:alias/backup"), "the key is in us-east-1, the copy in eu-west-1"},
		{"tag key", with(in + "recovery_point_tags: {'': x}"), "0 characters"},
		{"reserved tag", with(in + "recovery_point_tags: {'Holdfast:x': y}"), "reserved"},
		{"long tag value", with(in + "recovery_point_tags: {a: " + strings.Repeat("x", 257) + "}"), "longer than 256"},
		{"control character in a tag", with(in + `recovery_point_tags: {a: "b\nc"}`), "control character"},
		{"tags as list", with(in + "recovery_point_tags: [a]"), "want key: value pairs, found a list"},
		{"tag twice", with(in + "recovery_point_tags: {a: x, a: y}"), "a is given twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, result := compileText(tt.data)
			if set != nil || len(result.Problems) != 1 || !strings.Contains(result.Problems[0].String(), tt.want) {
				t.Errorf("set %v, want one problem with %q, got\n%s\nfor\n%s", set, tt.want, text(result), tt.data)
			}
		})
	}
}

func TestCompileAccepts(t *testing.T) {
	t.Parallel()
	const in = "        "
	for name, data := range map[string]string{
		"no plans":       "plans: []",
		"defaults":       with(""),
		"byte order":     "\ufeff" + with(""),
		"CRLF":           strings.ReplaceAll(with(""), "\n", "\r\n"),
		"JSON":           `{"plans":[{"name":"p","rules":[{"name":"r","target_backup_vault_name":"default"}],"selections":[]}]}`,
		"shortest times": with(in+"start_window_minutes: 60") + "\n",
		"longest window": with(in + "completion_window_minutes: 52560000"),
		"90 days cold":   with(in + "lifecycle: {move_to_cold_storage_after_days: 1, delete_after_days: 91}"),
		"36500 days":     with(in + "lifecycle: {delete_after_days: 36500}"),
		"alias":          "plans:\n  - &p\n    name: p\n    rules: &r [{name: r, target_backup_vault_name: default}]\n  - {name: q, rules: *r}",
		"GovCloud":       with(in + "copy_actions: [{destination_backup_vault_arn: 'arn:aws-us-gov:backup:us-gov-west-1:$account:backup-vault:dr'}]"),
	} {
		if set, result := compileText(data); set == nil {
			t.Errorf("%s:\n%s\n%s", name, data, text(result))
		}
	}
}

func TestCompileDefaults(t *testing.T) {
	t.Parallel()
	set, result := compileText(with(""))
	if set == nil {
		t.Fatal(text(result))
	}
	want := Set{Plans: []Plan{{
		Name: "p", Source: "p.yaml",
		Rules: []Rule{{
			Name: "r", Vault: "default", Schedule: mustSchedule(t, "cron(0 5 ? * * *)", "Etc/UTC"),
			StartWindow: 480 * time.Minute, CompletionWindow: 10080 * time.Minute,
		}},
		Selections: []Selection{{Name: "s", Criteria: Criteria{Resources: []string{"*"}}}},
	}}}
	if diff := cmp.Diff(want, *set, ignoreCompiled); diff != "" {
		t.Error(diff)
	}
	if !set.Plans[0].Selections[0].Match(resource.Resource{ARN: volumeARN}) {
		t.Error("the selection is not compiled")
	}
	if set.Plan("q") != nil || set.Plan("P").Rule("q") != nil {
		t.Error("found what does not exist")
	}
}

func TestCompileNamesAreUniqueAcrossFiles(t *testing.T) {
	t.Parallel()
	a, b := File{"a.yaml", []byte(with(""))}, File{"b.yaml", []byte(with("    name: P"))}
	b.Data = []byte(strings.Replace(string(b.Data), "- name: p", "- name: P", 1))
	_, result := Compile([]File{a, b}, nil)
	want := []Problem{{File: "b.yaml", Line: 2, Path: "plans[0].name", Message: "plan P exists already in a.yaml:2 (case does not count): rename one"}}
	if diff := cmp.Diff(want, result.Problems); diff != "" {
		t.Error(diff)
	}
}

func TestCompileLimits(t *testing.T) {
	t.Parallel()
	wrong := "plans:\n" + strings.Repeat("  - {name: a, rules: [], selections: []}\n", 900) // 900 plans are within limits
	list := "x: &l [" + strings.Repeat("a,", 9000) + "a]\n"
	aliases := list + "plans: [{name: p, rules: [], selections: [" + strings.Repeat("{resources: *l, name: s},", 40) + "]}]"
	tests := []struct{ name, data, want string }{
		{"size", "# " + strings.Repeat("x", maxFileBytes), "at most 1048576 are read"},
		{"problems", wrong, "more problems"},
		{"aliases", aliases, "p.yaml:1: the document has more than 200000 values"},
		{"flow depth", "plans: " + strings.Repeat("[", 500_000), "not valid YAML"},
		{"block depth", strings.Repeat("- ", 400_000), "not valid YAML"},
		{"plans", "plans: [" + strings.Repeat("{name: a, rules: []},", 1001) + "]", "more than 1000 plans"},
		{"rules", "plans: [{name: p, rules: [" + strings.Repeat("{},", 101) + "]}]", "101 rules: at most 100"},
		{"selections", "plans: [{name: p, rules: [], selections: [" + strings.Repeat("{},", 101) + "]}]", "101 selections: at most 100"},
		{"copies", with("        copy_actions: [" + strings.Repeat("{},", 11) + "]"), "11 copy actions: at most 10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, result := compileText(tt.data)
			if got := text(result); set != nil || !strings.Contains(got, tt.want) || len(result.Problems) > maxProblems+1 {
				t.Errorf("%d problems, none contains %q:\n%.2000s", len(result.Problems), tt.want, got)
			}
		})
	}
}

func TestCompileTooManyFiles(t *testing.T) {
	t.Parallel()
	if set, result := Compile(make([]File, maxFiles+1), nil); set != nil || len(result.Problems) != 1 {
		t.Errorf("%v, %v", set, result)
	}
}

func TestCompileWithoutCapabilitiesChecksNoKinds(t *testing.T) {
	t.Parallel()
	if set, result := Compile([]File{readFile(t, "testdata/impossible.yaml")}, nil); set == nil {
		t.Error(text(result))
	}
}

func FuzzCompile(f *testing.F) {
	for _, path := range []string{"../docs/examples/policies.yaml", "testdata/mistakes.yaml", "testdata/warnings.yaml", "testdata/impossible.yaml"} {
		f.Add(readFile(f, path).Data)
	}
	f.Add([]byte("plans: &a [*a]"))
	f.Add([]byte("plans: [{<<: {name: x}, ? [a] : b, rules: [{recovery_point_tags: {a.b: c}}]}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, result := Compile([]File{{Name: "f.yaml", Data: data}}, testCaps)
		if (set == nil) != (len(result.Problems) > 0) {
			t.Fatalf("set %v with problems %v", set, result.Problems)
		}
		for _, p := range result.Problems {
			if p.Message == "" || p.File == "" && !strings.HasPrefix(p.Message, "and ") {
				t.Fatalf("problem %+v does not say where and what", p)
			}
		}
		if set == nil {
			return
		}
		for _, plan := range set.Plans {
			plan.Selects(resource.Resource{ARN: volumeARN})
			for _, r := range plan.Rules {
				if _, ok := r.Next(time.Time{}); !ok {
					t.Fatalf("rule %s never runs", r.Name)
				}
			}
		}
	})
}

// TestDocumentation compiles every example of docs/policies.md and parses every cron()
// expression it mentions.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	page := string(readFile(t, "../docs/policies.md").Data)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1)
	expressions := regexp.MustCompile(`cron\([^a-z)]+\)`).FindAllString(page, -1)
	if len(blocks) < 3 || len(expressions) < 10 {
		t.Fatalf("found %d examples and %d expressions: is the page still there?", len(blocks), len(expressions))
	}
	buckets := Capabilities{Kind: resource.S3, ARNPattern: "arn:*:s3:::*", Default: EngineAWSBackup, Engines: map[Engine]Abilities{
		EngineAWSBackup: {Options: []string{"BackupACLs", "BackupObjectTags"}},
	}}
	for _, block := range blocks {
		set, result := Compile([]File{{Name: "policies.md", Data: []byte(block[1])}}, append(slices.Clone(testCaps), buckets))
		if set == nil || len(result.Warnings) > 0 {
			t.Errorf("%s\n%s", block[1], text(result))
		}
	}
	for _, e := range expressions {
		if s, warnings, err := ParseSchedule(e, ""); err != nil || len(warnings) > 0 || s.SubHourly() {
			t.Errorf("%s: %v, %v", e, warnings, err)
		}
	}
}
