package holdfast_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
)

// layers is the order of the packages: one may import those of lower layers only, never
// its neighbours. A name that ends in '/' stands for every package below it; the longest
// name that fits counts. A new package must be put here on purpose.
var layers = [][]string{
	0:  {"resource", "failure", "policy/retention", "policy/jsonlist", "policy/strictjson", "internal/clock", "internal/golden", "internal/version"},
	1:  {"access", "driver", "policy", "admission", "admission/budget", "internal/awscall", "internal/awserr", "internal/cache", "internal/gather"},
	2:  {"catalog", "tasks", "internal/awssession", "policy/"},
	3:  {"login", "report/", "policy/format", "driver/internal/", "sim/internal/", "driver/conformance", "config", "internal/localserver", "internal/backupgateway"},
	4:  {"report", "driver/internal/kmskeys", "driver/internal/ec2calls"},
	5:  {"report/page", "driver/internal/ebssnap", "driver/internal/rdssnap", "driver/internal/ec2points", "driver/awsbackup"},
	6:  {"report/format", "driver/internal/fsxbackup", "driver/internal/rdscluster"},
	7:  {"driver/", "admission/", "catalog/", "internal/", "sim/ec2", "sim/rds"},
	8:  {"driver/all", "driver/verify", "driver/drivertest", "driver/internal/mototest", "sim/"},
	9:  {"sim"},
	10: {"engine", "producer", "notify", "web/signin", "driver/drivertest/simharness"},
	11: {"worker", "scheduler", "report/scheduled", "notify/"},
	12: {"operator", "preflight", "web/frame", "report/ondemand"},
	13: {"api", "web/"},
	14: {"web"},
	15: {"app"},
	16: {"demo"},
	17: {"cli", "bench/lab", "bench/command"},
	18: {"internal/fleet/localfleet", "cmd/", "test/", "bench/", "."},
}

// testSupport packages may be imported by tests and by each other only.
var testSupport = []string{"internal/testkit", "internal/golden", "catalog/catalogtest", "driver/drivertest", "driver/internal/mototest", "test"}

// concrete packages are chosen where a process is put together; everything else knows
// the interface they implement.
var concrete = []string{"driver/all", "catalog/sqlstore", "admission/redislimit", "admission/redisbudget", "internal/awsorg", "sim"}

// composers put processes together.
var composers = []string{simHarness, "app", "demo", "cli", "cmd", "internal/fleet/localfleet", "test", "bench"}

// below reports whether dir is one of roots or inside one.
func below(dir string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return dir == root || strings.HasPrefix(dir, strings.TrimSuffix(root, "/")+"/")
	})
}

func isTestSupport(dir string) bool { return below(dir, testSupport...) && dir != simHarness }

// simHarness tries drivers on the simulated organization, for tests and for a command.
const simHarness = "driver/drivertest/simharness"

// layerOf returns the layer of a package; ok is false when the table has none for it.
func layerOf(dir string) (layer int, ok bool) {
	longest := -1
	for number, names := range layers {
		for _, name := range names {
			fits := dir == name || strings.HasSuffix(name, "/") && strings.HasPrefix(dir, name)
			if fits && len(name) > longest {
				layer, longest = number, len(name)
			}
		}
	}
	return layer, longest >= 0
}

// ownImports returns the packages of this module a file imports, sorted.
func ownImports(f *file) (dirs []string) {
	for name := range f.imports() {
		if rest, ok := strings.CutPrefix(name, module+"/"); ok {
			dirs = append(dirs, rest)
		}
	}
	sort.Strings(dirs)
	return dirs
}

// importDirection returns the imports that go sideways or upwards.
func importDirection(files []*file) (findings []string) {
	for _, f := range sources(files) {
		from, ok := layerOf(f.dir)
		if !ok {
			findings = append(findings, fmt.Sprintf("%s: package %s has no layer: decide what may import it and add it to layers in layers_test.go", f.path, f.dir))
			continue
		}
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		for _, dir := range ownImports(f) {
			if to, ok := layerOf(dir); ok && to >= from && !(isTestSupport(f.dir) && isTestSupport(dir)) {
				findings = append(findings, fmt.Sprintf("%s: %s (layer %d) must not import %s (layer %d): declare the interface you need and let app wire it", f.path, f.dir, from, dir, to))
			}
		}
	}
	return findings
}

// concreteImports returns the imports of implementations and test support from where
// they do not belong.
func concreteImports(files []*file) (findings []string) {
	for _, f := range sources(files) {
		if f.test() {
			continue
		}
		for _, dir := range ownImports(f) {
			switch {
			case isTestSupport(dir):
				findings = append(findings, fmt.Sprintf("%s: %s is for tests only", f.path, dir))
			case below(f.dir, composers...) || below(f.dir, "sim") && below(dir, "sim"):
			case below(dir, concrete...), isKindFolder(dir) && f.dir != "driver/all":
				findings = append(findings, fmt.Sprintf("%s: %s is an implementation: take its interface and let app choose", f.path, dir))
			}
		}
	}
	return findings
}

func TestImportDirection(t *testing.T) {
	t.Parallel()
	report(t, importDirection(tree(t)))
}

func TestConcretePackagesAreWiredInOnePlace(t *testing.T) {
	t.Parallel()
	report(t, concreteImports(tree(t)))
}

func TestLayerChecksFindMistakes(t *testing.T) {
	t.Parallel()
	expect(t, importDirection([]*file{
		goFile(t, "policy/a.go", `package policy; import _ "holdfast/resource"`),
		goFile(t, "policy/b.go", `package policy; import _ "holdfast/catalog"`),
		goFile(t, "engine/a.go", `package engine; import _ "holdfast/producer"`),
		goFile(t, "driver/ebs/a.go", `package ebs; import _ "holdfast/driver/rds"`),
		goFile(t, "engine/a_test.go", `package engine; import _ "holdfast/worker"`),
		goFile(t, "unheard/of.go", `package of`),
	}), "must not import catalog", "must not import producer", "must not import driver/rds", "unheard has no layer")
	expect(t, concreteImports([]*file{
		goFile(t, "worker/a.go", `package worker; import _ "holdfast/sim/ec2"`),
		goFile(t, "worker/b.go", `package worker; import _ "holdfast/driver/ebs"`),
		goFile(t, "cli/c.go", `package cli; import (_ "holdfast/catalog/sqlstore"; _ "holdfast/internal/testkit")`),
		goFile(t, "driver/all/all.go", `package all; import _ "holdfast/driver/ebs"`),
		goFile(t, "sim/a.go", `package sim; import _ "holdfast/sim/ec2"`),
		goFile(t, "worker/a_test.go", `package worker; import _ "holdfast/sim"`),
	}), "sim/ec2 is an implementation", "driver/ebs is an implementation", "internal/testkit is for tests only")
}
