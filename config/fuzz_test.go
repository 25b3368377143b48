package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/config"
)

// FuzzLoad feeds arbitrary files and variables: Load must not panic, must place every
// problem, and must not change its mind about what it accepted.
func FuzzLoad(f *testing.F) {
	f.Add(minimal, "HOLDFAST_LOG_LEVEL=debug")
	f.Add(config.Example(), "HOLDFAST_WORKER_QUEUES=restore=1,,x")
	f.Add("a: &a [*a, *a]\n? [b]\n: c\n<<: *a\n", "HOLDFAST_=")
	f.Add("redis: {tls: {enabled: }}\n--- \n...", "HOLDFAST_CATALOG_DSN=postgres://[::1")
	f.Fuzz(func(t *testing.T, text, variable string) {
		path := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, []string{variable})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "configuration") {
				t.Errorf("not a configuration error: %v", err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("accepted and then refused: %v", err)
		}
		for _, s := range c.Effective() {
			if s.Origin == "" {
				t.Errorf("%s has no origin", s.Key)
			}
		}
	})
}
