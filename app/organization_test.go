package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"holdfast/config"
	"holdfast/internal/clock"
	"holdfast/policy"
)

const (
	payments = "111122223333"
	shop     = "444455556666"
	sandbox  = "777788889999"
)

// corePolicy is a whole policy whose rule ends with extra.
func corePolicy(extra string) string {
	return `{"plans":{"Core":{"regions":{"@@assign":["eu-west-1"]},"rules":{"Nightly":{"target_backup_vault_name":{"@@assign":"Safe"}` + extra + `}},
		"selections":{"tags":{"Tier":{"iam_role_arn":{"@@assign":"arn:aws:iam::$account:role/Backup"},"tag_key":{"@@assign":"tier"},"tag_value":{"@@assign":["1"]}}}}}}}`
}

// days is a child policy that changes one value.
func days(n string) string {
	return `{"plans":{"Core":{"rules":{"Nightly":{"lifecycle":{"delete_after_days":{"@@assign":"` + n + `"}}}}}}}`
}

// organization writes files, given by their paths below an empty directory.
func organization(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func texts(dir string, problems []policy.Problem) (list []string) {
	for _, p := range problems {
		list = append(list, strings.ReplaceAll(p.String(), dir+"/", ""))
	}
	return list
}

func TestReadOrganizationListsEveryMistakeOfTheLayout(t *testing.T) {
	t.Parallel()
	dir := organization(t, map[string]string{
		"core.json": corePolicy(""), "README.md": "for people", ".hidden/x": "not looked at", "notes.txt": "",
		"accounts.txt":        payments + " # payments\n\n# nothing\n12345\n" + payments + "\n",
		"Web/accounts.txt":    shop,
		"my unit/x.json":      "{}",
		"ROOT/x.json":         "{}",
		sandbox + "/a/b.json": "{}", sandbox + "/accounts.txt": "",
		"u1/u2/u3/u4/u5/u6/x.json": "{}",
	})
	root, problems, err := ReadOrganization(dir)
	if err != nil || root != nil {
		t.Fatalf("%v, %v; want problems alone", root, err)
	}
	want := []string{
		"777788889999/a: a directory inside that of an account: nothing is below an account",
		"777788889999/accounts.txt: a list of accounts inside an account: nothing is below an account",
		`ROOT: "ROOT" is the name of the root, which is the directory around this one: rename the unit`,
		`accounts.txt:4: "12345" is not an account id: write twelve digits`,
		"accounts.txt:5: 111122223333 is in accounts.txt already (case does not count): remove one",
		`my unit: "my unit" is neither an account (twelve digits) nor a name for a unit: use 1 to 64 letters, digits, dashes and underscores`,
		"notes.txt: neither a policy (NAME.json), nor accounts.txt, nor a directory: rename or remove it",
		"u1/u2/u3/u4/u5/u6: units nest 6 deep: AWS Organizations has at most 5",
	}
	if diff := cmp.Diff(want, texts(dir, problems)); diff != "" {
		t.Error(diff)
	}
	if _, _, err := ReadOrganization(filepath.Join(dir, "missing")); err == nil {
		t.Error("a directory that is not there is no error")
	}
}

// loaded compiles the policies in dir and says which plans are for whom, and what was
// withheld.
func loaded(t *testing.T, dir string, last LastValid) (p Policies, lines []string) {
	t.Helper()
	cfg := config.Default()
	cfg.OrganizationPolicies = dir
	p, err := LoadPolicies(cfg, PlanningDrivers(cfg), last)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Result.Problems) > 0 {
		t.Fatalf("%v", p.Result.Problems)
	}
	for _, plan := range p.Set.Plans {
		lines = append(lines, fmt.Sprintf("%s %v %v %d days", plan.Name, plan.Accounts, plan.Regions, plan.Rules[0].Lifecycle.DeleteAfterDays))
	}
	for _, g := range p.Withheld() {
		lines = append(lines, fmt.Sprintf("withheld %s, last valid %t", g.Target, g.LastValid))
	}
	return p, lines
}

func TestOrganizationPoliciesAreInForce(t *testing.T) {
	t.Parallel()
	keep30 := `,"lifecycle":{"delete_after_days":{"@@assign":"30"}}`
	tree := func(change map[string]string) map[string]string {
		files := map[string]string{
			"core.json": corePolicy(keep30), "accounts.txt": sandbox,
			"production/shorter.json": days("14"), "production/accounts.txt": shop,
			"production/" + payments + "/own.json": days("7"),
		}
		maps.Copy(files, change)
		return files
	}
	root := "Core@root [777788889999] [eu-west-1] 30 days"
	unit := "Core@production [444455556666] [eu-west-1] 14 days"
	account := "Core@111122223333 [111122223333] [eu-west-1] 7 days"
	valid := func(days string) json.RawMessage {
		return json.RawMessage(`{"plans":{"Core":{"regions":["eu-west-1"],"rules":{"Nightly":{"target_backup_vault_name":"Safe","lifecycle":{"delete_after_days":"` + days + `"}}},
			"selections":{"tags":{"Tier":{"iam_role_arn":"arn:aws:iam::$account:role/Backup","tag_key":"tier","tag_value":["1"]}}}}}}`)
	}
	airGapped := `{"plans":{"Core":{"rules":{"Nightly":{"target_logically_air_gapped_backup_vault_arn":{"@@assign":"arn:aws:backup:$region:$account:backup-vault:gap"}}}}}}`
	broken := `{"plans":{"New":{"regions":{"@@assign":["eu-west-1"]}}}}`
	for _, test := range []struct {
		name   string
		change map[string]string
		last   LastValid
		want   []string
	}{
		{"all valid", nil, LastValid{"production": valid("99")}, []string{root, unit, account}},
		{
			"an account's is incomplete and never was valid", map[string]string{"production/" + payments + "/own.json": broken}, nil,
			[]string{root, unit, "withheld 111122223333, last valid false"},
		},
		{
			"the last valid one stays, for the accounts that are there now", map[string]string{"production/shorter.json": broken}, LastValid{"production": valid("21"), payments: valid("5")},
			[]string{root, "Core@production [444455556666] [eu-west-1] 21 days", "Core@111122223333 [111122223333] [eu-west-1] 5 days", "withheld production, last valid true", "withheld 111122223333, last valid true"},
		},
		{
			"what Holdfast cannot carry out is withheld as well", map[string]string{"production/shorter.json": airGapped}, LastValid{payments: valid("5")},
			[]string{root, "Core@111122223333 [111122223333] [eu-west-1] 5 days", "withheld production, last valid false", "withheld 111122223333, last valid true"},
		},
		{
			"text that is no policy at the root", map[string]string{"core.json": "{"}, LastValid{"root": valid("1"), "production": json.RawMessage("{")},
			[]string{"Core@root [777788889999] [eu-west-1] 1 days", "withheld root, last valid true", "withheld production, last valid false", "withheld 111122223333, last valid false"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, got := loaded(t, organization(t, tree(test.change)), test.last)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheAccountOfACopyIsThatOfTheResource(t *testing.T) {
	t.Parallel()
	const vault = "arn:aws:backup:eu-central-1:$account:backup-vault:Away"
	dir := organization(t, map[string]string{
		"accounts.txt": payments + "\n" + shop,
		"core.json":    corePolicy(`,"copy_actions":{"` + vault + `":{"target_backup_vault_arn":{"@@assign":"` + vault + `"},"lifecycle":{"delete_after_days":{"@@assign":"30"}}}}`),
	})
	p, _ := loaded(t, dir, nil)
	for _, account := range []string{payments, shop} {
		action := p.Set.Plan("core@ROOT").Rules[0].CopyActions[0].For(account)
		if action.Account != account || action.DestinationVaultARN != strings.ReplaceAll(vault, "$account", account) {
			t.Errorf("%+v", action)
		}
	}
	for _, w := range p.Result.Warnings {
		if strings.Contains(w.Path, "iam_role_arn") {
			t.Errorf("a role that AWS wants and Holdfast does not is no reason to warn: %v", w)
		}
	}
}

func TestListedAccountsThatAreNowhereInTheDirectory(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.OrganizationPolicies = organization(t, map[string]string{"accounts.txt": shop, "core.json": corePolicy("")})
	cfg.AWS.Accounts.IDs, cfg.AWS.Accounts.Exclude = []string{payments, shop, sandbox}, []string{sandbox}
	p, err := LoadPolicies(cfg, PlanningDrivers(cfg), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range p.Result.Warnings {
		if w.File == cfg.OrganizationPolicies {
			got = append(got, w.Message)
		}
	}
	if diff := cmp.Diff([]string{"account " + payments + " is nowhere in the directory: no organization policy is in force for it"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestALayoutThatIsWrongStopsEverything(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.OrganizationPolicies = organization(t, map[string]string{"accounts.txt": "1"})
	p, err := LoadPolicies(cfg, PlanningDrivers(cfg), nil)
	if err != nil || p.Set != nil || len(p.Result.Problems) != 1 {
		t.Errorf("%v, %v, %v", p.Set, p.Result, err)
	}
}

// started is a start of a process on the catalog of cfg: the plans in force.
func started(t *testing.T, cfg *config.Config) (lines []string) {
	t.Helper()
	a, err := New(t.Context(), Options{Config: cfg, Log: zerolog.Nop(), Clock: clock.System(), WithoutRedis: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	p, err := a.LoadPolicy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range p.Set.Plans {
		lines = append(lines, fmt.Sprintf("%s %d days", plan.Name, plan.Rules[0].Lifecycle.DeleteAfterDays))
	}
	for _, g := range p.Withheld() {
		lines = append(lines, g.String())
	}
	return lines
}

func TestTheLastValidPolicySurvivesRestarts(t *testing.T) {
	t.Parallel()
	dir := organization(t, map[string]string{"accounts.txt": shop})
	cfg := config.Default()
	cfg.Installation, cfg.OrganizationPolicies = "acme", dir
	cfg.AWS.SimulatorURL = "http://127.0.0.1:1" // nobody is called
	cfg.Catalog.DSN = config.DSN("sqlite:" + filepath.Join(t.TempDir(), "catalog.db"))
	core := filepath.Join(dir, "core.json")
	withheld := "the organization policy of root (1 accounts) is withheld: the last valid document stays in force; 1 problems, the first: "
	incomplete := withheld + "root: plans.Core.rules.Nightly.target_backup_vault_name: target_backup_vault_name is missing"
	for _, step := range []struct {
		text string
		want []string
	}{
		{corePolicy(`,"lifecycle":{"delete_after_days":{"@@assign":"30"}}`), []string{"Core@root 30 days"}},
		{strings.Replace(corePolicy(""), `"target_backup_vault_name":{"@@assign":"Safe"}`, `"lifecycle":{"delete_after_days":{"@@assign":"7"}}`, 1), []string{"Core@root 30 days", incomplete}},
		{corePolicy(`,"lifecycle":{"delete_after_days":{"@@assign":"14"}}`), []string{"Core@root 14 days"}},
		{"{", []string{"Core@root 14 days", withheld + core + ":1: not valid JSON: the document ends too early"}},
	} {
		if err := os.WriteFile(core, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a second start finds what the first one left
			if diff := cmp.Diff(step.want, started(t, cfg)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
}
