package app

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/policy"
	"holdfast/resource"
)

// asks are what a rule can ask of a kind, with what descriptors say of it.
var asks = map[string]struct {
	rule string
	can  func(driver.Descriptor) bool
}{
	"copy_region":  {`copy_actions: [{destination_backup_vault_arn: "arn:aws:backup:eu-west-1:$account:backup-vault:dr"}]`, func(d driver.Descriptor) bool { return d.CopyRegion }},
	"copy_account": {`copy_actions: [{destination_backup_vault_arn: "arn:aws:backup:eu-central-1:444455556666:backup-vault:dr"}]`, func(d driver.Descriptor) bool { return d.CopyAccount }},
	"backup":       {`priority: 1`, func(driver.Descriptor) bool { return true }},
}

// Whatever a rule asks of a kind that its engine cannot do is refused with the rule, the kind
// and what to write instead: another engine where one can. The rows come from the
// descriptors, so that a new kind or engine is among them.
func TestWhatAnEngineCannotDoIsRefusedWithTheAlternative(t *testing.T) {
	t.Parallel()
	registry, refused := all.New(nil), map[string]int{}
	for _, c := range Capabilities(registry) {
		for _, engine := range driver.Engines() {
			for name, ask := range asks {
				found := problems(c, engine, ask.rule)
				at := fmt.Sprintf("%s by %s: %s", c.Kind, engine, name)
				switch able(registry, c.Kind, engine, ask.can) {
				case true:
					if found != "" {
						t.Errorf("%s is refused, and the descriptor says it can: %s", at, found)
					}
				default:
					refused[name]++
					wantRefusal(t, at, found, c.Kind, registry, engine, ask.can)
				}
			}
		}
	}
	for name := range asks {
		if refused[name] == 0 {
			t.Errorf("%s is refused of no kind: the table proves nothing", name)
		}
	}
}

func able(r *driver.Registry, kind resource.Kind, e driver.Engine, can func(driver.Descriptor) bool) bool {
	d, ok := r.For(kind, e)
	return ok && can(d.Descriptor())
}

// problems compiles a rule for resources of one kind.
func problems(c policy.Capabilities, e driver.Engine, rule string) string {
	arn := strings.NewReplacer("arn:*:", "arn:aws:").Replace(c.ARNPattern)
	data := fmt.Sprintf(`plans:
  - name: p
    rules: [{name: nightly, target_backup_vault_name: daily, lifecycle: {delete_after_days: 30}, engine: %s, %s}]
    selections: [{name: s, resources: ["%s"]}]
`, e, rule, arn)
	_, result := policy.Compile([]policy.File{{Name: "p.yaml", Data: []byte(data)}}, []policy.Capabilities{c})
	var text []string
	for _, p := range result.Problems {
		text = append(text, p.String())
	}
	return strings.Join(text, "\n")
}

func wantRefusal(t *testing.T, at, found string, kind resource.Kind, r *driver.Registry, e driver.Engine, can func(driver.Descriptor) bool) {
	t.Helper()
	want := []string{string(kind), "rule nightly"}
	for _, other := range driver.Engines() {
		if other != e && able(r, kind, other, can) {
			want = append(want, "engine: "+string(other))
		}
	}
	for _, text := range want {
		if !strings.Contains(found, text) {
			t.Errorf("%s: the refusal %q does not name %q", at, found, text)
		}
	}
}
