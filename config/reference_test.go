package config_test

import (
	"regexp"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"holdfast/config"
)

func TestReferencePage(t *testing.T) {
	t.Parallel()
	golden.Text(t, "../docs/configuration.md", config.Reference())
}

func TestExampleFile(t *testing.T) {
	t.Parallel()
	golden.Text(t, "../docs/examples/holdfast.yaml", config.Example())
}

// The example as it stands is a configuration one can start with.
func TestExampleLoads(t *testing.T) {
	t.Parallel()
	c, err := config.Load("../docs/examples/holdfast.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Installation != "production" {
		t.Errorf("installation is %q", c.Installation)
	}
}

// With every optional line made live each key comes from the file: none is missing,
// misspelled or at the wrong depth.
func TestExampleIsComplete(t *testing.T) {
	t.Parallel()
	everything := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`).ReplaceAllString(config.Example(), "$1$2")
	everything = strings.Replace(everything, "mode: embedded", "mode: sentinel", 1)
	everything = strings.Replace(everything, "enabled: false", "enabled: true", 1)
	everything = regexp.MustCompile(`(?m)^ *simulator_url:.*\n`).ReplaceAllString(everything, "")
	c, err := config.Load(write(t, everything), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Effective() {
		if s.Origin == "default" && s.Key != "aws.simulator_url" {
			t.Errorf("%s is not in the example file", s.Key)
		}
	}
}
