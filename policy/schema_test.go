package policy

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func TestJSONSchema(t *testing.T) {
	t.Parallel()
	data, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "../docs/schema/policy.schema.json", string(data))
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// yamlBlock finds the YAML in a page; blocks with whole policies begin with plans.
var yamlBlock = regexp.MustCompile("(?s)```yaml\n(plans:.*?)```")

func TestTheSchemaTakesTheExamples(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, path := range []string{"../docs/examples/policies.yaml", "testdata/warnings.yaml"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(data)
	}
	for _, page := range []string{"../docs/policies.md", "../docs/organization-policies.md"} {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range yamlBlock.FindAllStringSubmatch(string(data), -1) {
			texts[filepath.Base(page)+": "+found[1][:40]] = found[1]
		}
	}
	s := compiledSchema(t)
	for name, text := range texts {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaRefuses(t *testing.T) {
	t.Parallel()
	good := "plans: [{name: p, rules: [{name: r, target_backup_vault_name: vault}]}]"
	s := compiledSchema(t)
	for _, change := range [][2]string{
		{"name: p,", ""}, {"name: r", "name: r, colour: red"}, {"name: r", "name: r, engine: other"},
		{"vault", "a b"}, {"name: r", "name: r, start_window_minutes: soon"}, {"name: r", "name: r, enable_continuous_backup: 1"},
		{"name: r", "name: r, schedule_expression: rate(1 day)"}, {"plans", "plan"},
	} {
		var v any
		if err := yaml.Unmarshal([]byte(strings.Replace(good, change[0], change[1], 1)), &v); err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%q instead of %q passes", change[1], change[0])
		}
	}
}
