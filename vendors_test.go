package holdfast_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
)

// vendors says which packages may import whose code. The first row that fits counts; a
// module that fits none needs a decision before it spreads. Tests may import anything.
var vendors = []struct {
	module string
	in     []string
}{
	{"github.com/aws/", []string{"internal/awssession", "internal/awsorg", "internal/awserr", "sim", "driver/internal", "driver/ KINDS", "driver/awsbackup", "driver/drivertest/simharness", "internal/backupgateway", "notify", "report/scheduled", "internal/tracing", "bench/budget"}},
	{"github.com/hibiken/", []string{"producer", "worker", "scheduler", "web", "app", "internal/metrics", "bench"}},
	{"github.com/redis/", []string{"producer", "worker", "scheduler", "admission/redislimit", "admission/redisbudget", "web", "app", "internal/metrics", "bench"}},
	{"github.com/alicebob/miniredis/", []string{"app", "demo"}},
	{"github.com/rs/zerolog", []string{"api", "engine", "producer", "worker", "scheduler", "web", "notify", "report/scheduled", "app", "demo", "cli", "cmd", "sim", "internal/metrics", "bench"}},
	{"github.com/prometheus/", []string{"web", "worker", "scheduler", "producer", "engine", "app", "cli", "internal/metrics", "bench/scrape"}},
	{"github.com/chromedp/", []string{"test/browser"}},
	{"go.opentelemetry.io/", []string{"internal/tracing"}},
	{"github.com/urfave/", []string{"cli", "cmd"}},
	{"github.com/vbauerster/", []string{"demo", "cli"}},
	{"github.com/jackc/", []string{"catalog/sqlstore", "internal/localserver", "bench"}},
	{"github.com/riverqueue/", []string{"bench"}},
	{"github.com/pressly/", []string{"catalog/sqlstore"}},
	{"modernc.org/", []string{"catalog/sqlstore"}},
	{"github.com/oklog/ulid/", []string{""}},
	{"go.yaml.in/", []string{"config", "policy", "report/cost", "cli"}},
	{"golang.org/x/sync", []string{""}},
	{"golang.org/x/crypto/", []string{"login"}},
	{"golang.org/x/term", []string{"cli", "cmd"}},
	{"github.com/danielgtaylor/huma/", []string{"api"}},
}

// pureForbidden are standard packages the policy language must not touch: it computes
// from what it is given.
var pureForbidden = []string{"os", "net", "net/http", "log", "log/slog", "database/sql", "io/ioutil", "os/exec"}

// isKindFolder reports whether dir holds the driver of a kind: directly below driver/ and
// none of the packages that serve all kinds.
func isKindFolder(dir string) bool {
	rest, ok := strings.CutPrefix(dir, "driver/")
	return ok && !below(dir, "driver/internal", "driver/all", "driver/conformance", "driver/drivertest", "driver/memdriver", "driver/awsbackup", "driver/verify", "driver/iam") && rest != ""
}

func mayImport(dir string, in []string) bool {
	for _, where := range in {
		switch {
		case where == "", where == "driver/ KINDS" && isKindFolder(dir), below(dir, where):
			return true
		}
	}
	return false
}

// vendorImports returns imports of foreign code from where it does not belong.
func vendorImports(files []*file) (findings []string) {
	for _, f := range sources(files) {
		if f.test() {
			continue
		}
		names := make([]string, 0, len(f.imports()))
		for name := range f.imports() {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if finding := vendorImport(f.dir, name); finding != "" {
				findings = append(findings, f.path+": "+finding)
			}
		}
	}
	return findings
}

func vendorImport(dir, name string) string {
	host, _, _ := strings.Cut(name, "/")
	if below(dir, "policy") && slices.Contains(pureForbidden, name) {
		return fmt.Sprintf("%s is pure and must not import %s: take what it gives as an argument", dir, name)
	}
	if !strings.Contains(host, ".") {
		return "" // the standard library or this module
	}
	for _, v := range vendors {
		if !strings.HasPrefix(name, v.module) {
			continue
		}
		if mayImport(dir, v.in) {
			return ""
		}
		return fmt.Sprintf("%s must not import %s: only %s may", dir, name, strings.Join(v.in, ", "))
	}
	return fmt.Sprintf("%s imports %s, which nobody decided about: add a row to vendors in vendors_test.go", dir, name)
}

func TestForeignCodeStaysWhereItBelongs(t *testing.T) {
	t.Parallel()
	report(t, vendorImports(tree(t)))
}

func TestVendorCheckFindsMistakes(t *testing.T) {
	t.Parallel()
	expect(t, vendorImports([]*file{
		goFile(t, "driver/a.go", `package driver; import _ "github.com/aws/aws-sdk-go-v2/aws"`),
		goFile(t, "driver/ebs/a.go", `package ebs; import _ "github.com/aws/aws-sdk-go-v2/aws"`),
		goFile(t, "engine/a.go", `package engine; import _ "github.com/redis/go-redis/v9"`),
		goFile(t, "policy/a.go", `package policy; import (_ "os"; _ "strings")`),
		goFile(t, "policy/orgpolicy/a.go", `package orgpolicy; import _ "log"`),
		goFile(t, "web/a.go", `package web; import _ "example.com/new"`),
	}), "driver must not import github.com/aws", "engine must not import github.com/redis", "policy is pure", "policy/orgpolicy is pure", "nobody decided")
}
