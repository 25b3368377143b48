package holdfast_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"holdfast/config"
	"holdfast/policy"
)

// composeFile is the part of the compose specification we use; unknown keys are refused,
// so that a misspelled one is noticed.
// Source: https://github.com/compose-spec/compose-spec/blob/main/spec.md
type composeFile struct {
	Services map[string]composeService `yaml:"services"`
	Volumes  map[string]struct{}       `yaml:"volumes"`
	Holdfast any                       `yaml:"x-holdfast"`
	Env      any                       `yaml:"x-environment"`
}

type composeService struct {
	Image       string            `yaml:"image"`
	Build       string            `yaml:"build"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Ports       []string          `yaml:"ports"`
	Profiles    []string          `yaml:"profiles"`
	Restart     string            `yaml:"restart"`
	Grace       string            `yaml:"stop_grace_period"`
	ReadOnly    bool              `yaml:"read_only"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test        []string `yaml:"test"`
		Interval    string   `yaml:"interval"`
		Timeout     string   `yaml:"timeout"`
		Retries     int      `yaml:"retries"`
		StartPeriod string   `yaml:"start_period"`
	} `yaml:"healthcheck"`
	Deploy struct {
		Replicas int `yaml:"replicas"`
	} `yaml:"deploy"`
}

func compose(t *testing.T) composeFile {
	t.Helper()
	f, err := os.Open("docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	decoder := yaml.NewDecoder(f)
	decoder.KnownFields(true)
	var c composeFile
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

var composeVariable = regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`)

// environ returns a service's environment as its process sees it when no variable is set.
func (s composeService) environ() (list []string) {
	for name, value := range s.Environment {
		list = append(list, name+"="+composeVariable.ReplaceAllString(value, "$1"))
	}
	return list
}

// own are the services that run Holdfast itself.
func (c composeFile) own() []string {
	var names []string
	for name, s := range c.Services {
		if s.Build != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestComposeServices(t *testing.T) {
	t.Parallel()
	c := compose(t)
	want := []string{"moto", "postgres", "redis", "scheduler", "web", "worker"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(c.Services))); diff != "" {
		t.Fatal(diff)
	}
	for name, s := range c.Services {
		if len(s.Healthcheck.Test) == 0 {
			t.Errorf("%s has no health check", name)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s to everybody: bind it to 127.0.0.1", name, port)
			}
		}
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, named := c.Volumes[source]; named {
				continue
			}
			if _, err := os.Stat(source); err != nil {
				t.Errorf("%s mounts %s: %v", name, source, err)
			}
		}
		for other, on := range s.DependsOn {
			if _, ok := c.Services[other]; !ok || on.Condition != "service_healthy" {
				t.Errorf("%s depends on %s (%s)", name, other, on.Condition)
			}
		}
	}
	if c.Services["scheduler"].Deploy.Replicas != 2 || !slices.Contains(c.Services["moto"].Profiles, "moto") {
		t.Error("want two schedulers, and moto in a profile of its own")
	}
}

// What each container would read must be a configuration its process accepts.
func TestComposeConfiguration(t *testing.T) {
	t.Parallel()
	c := compose(t)
	if diff := cmp.Diff([]string{"scheduler", "web", "worker"}, c.own()); diff != "" {
		t.Fatal(diff)
	}
	for _, name := range c.own() {
		loaded, err := config.Load("deploy/holdfast.yaml", c.Services[name].environ())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := loaded.CheckShared(name); err != nil || len(loaded.Warnings) > 0 {
			t.Errorf("%s: %v, warnings %v", name, err, loaded.Warnings)
		}
	}
}

func TestDeployedPoliciesCompile(t *testing.T) {
	t.Parallel()
	c, err := config.Load("deploy/holdfast.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := c.PolicyFiles()
	if err != nil {
		t.Fatal(err)
	}
	var files []policy.File
	for _, name := range names {
		data, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, policy.File{Name: name, Data: data})
	}
	caps := []policy.Capabilities{
		policy.Native("ebs", "arn:*:ec2:*:*:volume/*", policy.Abilities{CopyRegion: true}),
		policy.Native("rds", "arn:*:rds:*:*:db:*", policy.Abilities{CopyRegion: true}),
		policy.Native("dynamodb", "arn:*:dynamodb:*:*:table/*", policy.Abilities{}),
	}
	set, result := policy.Compile(files, caps)
	for _, p := range append(result.Problems, result.Warnings...) {
		t.Error(p.String())
	}
	if set != nil && len(set.Plans) != 2 {
		t.Errorf("%d plans, want 2", len(set.Plans))
	}
}

// commandNames returns the names of the commands in the CLI's source.
func commandNames(files []*file) map[string]bool {
	names := map[string]bool{}
	for _, f := range sources(files) {
		if f.test() || !below(f.dir, "cli", "cmd") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			field, isIdent := pair.Key.(*ast.Ident)
			lit, isLit := pair.Value.(*ast.BasicLit)
			if isIdent && isLit && field.Name == "Name" && lit.Kind == token.STRING {
				if name, err := strconv.Unquote(lit.Value); err == nil {
					names[name] = true
				}
			}
			return true
		})
	}
	return names
}

// Every command a container or a health check runs must be one the binary has.
func TestDeployedCommandsExist(t *testing.T) {
	t.Parallel()
	c, known := compose(t), commandNames(tree(t))
	for _, name := range c.own() {
		s := c.Services[name]
		health := s.Healthcheck.Test
		if len(s.Command) == 0 || len(health) != 3 || health[0] != "CMD" || health[1] != "/holdfast" {
			t.Errorf("%s: command %q, health check %q", name, s.Command, health)
			continue
		}
		for _, command := range []string{s.Command[0], health[2]} {
			if !known[command] {
				t.Errorf("docker-compose.yml: %s runs `holdfast %s`, which the CLI does not have", name, command)
			}
		}
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	if version == nil {
		t.Fatal("go.mod names no Go version")
	}
	for _, want := range []string{
		fmt.Sprintf("FROM golang:%s-", version[1]), "CGO_ENABLED=0", "\nFROM scratch\n", "ca-certificates.crt",
		"\nUSER 65532:65532\n", `ENTRYPOINT ["/holdfast"]`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("Dockerfile lacks %q", want)
		}
	}
}

// Every script a Makefile target calls must be there and be executable.
func TestMakefileScripts(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	scripts := regexp.MustCompile(`\bscripts/[a-z-]+\.sh\b`).FindAllString(string(data), -1)
	if len(scripts) == 0 {
		t.Fatal("the Makefile calls no script: deps at least must be there")
	}
	for _, script := range append(scripts, ".ci/run") {
		info, err := os.Stat(script)
		switch {
		case err != nil:
			t.Errorf("Makefile: %v", err)
		case info.Mode()&0o111 == 0:
			t.Errorf("%s is not executable: chmod +x", script)
		}
	}
}
