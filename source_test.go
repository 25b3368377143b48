package holdfast_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"holdfast/resource"
)

// The size caps, in lines. Tests are allowed more, because tables are long.
const (
	maxFunctionLines     = 70
	maxTestFunctionLines = 150
	maxFileLines         = 500
	maxTestFileLines     = 800
)

// packageDocs returns the packages that do not have exactly one doc comment of the form
// "Package name ..." ("Command name ..." for programs).
func packageDocs(files []*file) (findings []string) {
	docs := map[string]int{}
	for _, f := range sources(files) {
		if strings.HasSuffix(f.path, "_test.go") && f.dir != "." {
			continue
		}
		docs[f.dir] += 0
		if f.ast.Doc == nil {
			continue
		}
		docs[f.dir]++
		want := "Package " + f.ast.Name.Name + " "
		if f.ast.Name.Name == "main" {
			want = "Command "
		}
		if !strings.HasPrefix(f.ast.Doc.Text(), want) {
			findings = append(findings, fmt.Sprintf("%s: the comment above the package clause must begin with %q", f.path, want))
		}
	}
	for dir, n := range docs {
		if n != 1 {
			findings = append(findings, fmt.Sprintf("%s: %d files have a package comment: exactly one must", dir, n))
		}
	}
	sort.Strings(findings)
	return findings
}

// knowsKinds are the packages that may spell a kind; everybody else asks the driver.
var knowsKinds = []string{"driver/all", "driver/internal", "resource", "sim"}

// measuresKinds may use the constant of a kind: it stands for any, is what a benchmark
// measures, or has a price that a descriptor does not tell.
var measuresKinds = []string{"driver/memdriver", "bench", "catalog/rebuild"}

// kindConstants returns uses of the constants of package resource that name a kind.
func kindConstants(files []*file) (findings []string) {
	names := kindNames(files)
	for _, f := range sources(files) {
		if f.test() || below(f.dir, knowsKinds...) || below(f.dir, measuresKinds...) || isKindFolder(f.dir) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "resource" && slices.Contains(names, sel.Sel.Name) {
				findings = append(findings, fmt.Sprintf("%s:%d: resource.%s names a kind: ask the driver's descriptor, or a new kind means a change here", f.path, f.line(sel.Pos()), sel.Sel.Name))
			}
			return true
		})
	}
	return findings
}

// kindNames returns the names of the constants of type Kind in package resource.
func kindNames(files []*file) (names []string) {
	for _, f := range sources(files) {
		if f.dir != "resource" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "Kind" {
				names = append(names, spec.Names[0].Name)
			}
			return true
		})
	}
	return names
}

// kindLiterals returns string literals that spell a resource kind.
func kindLiterals(files []*file) (findings []string) {
	for _, f := range sources(files) {
		if f.test() || below(f.dir, knowsKinds...) || isKindFolder(f.dir) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if _, ok := n.(*ast.ImportSpec); ok {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err == nil && slices.Contains(resource.Kinds(), resource.Kind(text)) {
				findings = append(findings, fmt.Sprintf("%s:%d: the literal %s spells a kind: ask the driver's descriptor, or a new kind means a change here", f.path, f.line(lit.Pos()), lit.Value))
			}
			return true
		})
	}
	return findings
}

// sizes returns functions and files that are too long.
func sizes(files []*file) (findings []string) {
	for _, f := range sources(files) {
		functionCap, fileCap := maxFunctionLines, maxFileLines
		if f.test() {
			functionCap, fileCap = maxTestFunctionLines, maxTestFileLines
		}
		if n := bytes.Count(f.data, []byte("\n")); n > fileCap {
			findings = append(findings, fmt.Sprintf("%s: %d lines, at most %d: split it, one idea a file", f.path, n, fileCap))
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.line(fn.End()) - f.line(fn.Pos()) + 1; n > functionCap {
				findings = append(findings, fmt.Sprintf("%s:%d: %s has %d lines, at most %d: split it", f.path, f.line(fn.Pos()), fn.Name.Name, n, functionCap))
			}
		}
	}
	return findings
}

// forbiddenCall is a function that hides an input; allowed names who may call it.
type forbiddenCall struct {
	pkg, remedy string
	names       []string
	allowed     []string
}

var forbiddenCalls = []forbiddenCall{
	{
		"time", "take a clock.Clock", []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		[]string{"internal/clock", "cmd"},
	},
	{
		"os", "take the value from config, or as an argument", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
		[]string{"cmd", "internal/localserver"}, // which looks for programs as a shell would
	},
}

// hiddenInputs returns uses of the wall clock and the environment.
func hiddenInputs(files []*file) (findings []string) {
	for _, f := range sources(files) {
		if f.test() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, c := range forbiddenCalls {
				if pkg.Name == c.pkg && slices.Contains(c.names, sel.Sel.Name) && !below(f.dir, c.allowed...) {
					findings = append(findings, fmt.Sprintf("%s:%d: %s.%s is for %s only: %s", f.path, f.line(sel.Pos()), c.pkg, sel.Sel.Name, strings.Join(c.allowed, ", "), c.remedy))
				}
			}
			return true
		})
	}
	return findings
}

func TestPackageDocs(t *testing.T) {
	t.Parallel()
	report(t, packageDocs(tree(t)))
}

func TestKindsAreNotSpelledOut(t *testing.T) {
	t.Parallel()
	report(t, kindLiterals(tree(t)))
	report(t, kindConstants(tree(t)))
	if names := kindNames(tree(t)); len(names) != len(resource.Kinds()) {
		t.Errorf("the check knows %d constants of kinds, there are %d kinds: %v", len(names), len(resource.Kinds()), names)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	report(t, sizes(tree(t)))
}

func TestNoHiddenInputs(t *testing.T) {
	t.Parallel()
	report(t, hiddenInputs(tree(t)))
}

func TestSourceChecksFindMistakes(t *testing.T) {
	t.Parallel()
	expect(t, packageDocs([]*file{
		goFile(t, "a/a.go", "// Package a is one.\npackage a"),
		goFile(t, "a/b.go", "// Package a is two.\npackage a"),
		goFile(t, "b/b.go", "package b"),
		goFile(t, "c/c.go", "// Wrong start.\npackage c"),
		goFile(t, "cmd/x/main.go", "// Command x runs.\npackage main"),
	}), "a: 2 files", "b: 0 files", `must begin with "Package c "`)
	expect(t, kindLiterals([]*file{
		goFile(t, "engine/a.go", `package engine; var k = "ebs"`),
		goFile(t, "driver/ebs/a.go", `package ebs; var k = "ebs"`),
		goFile(t, "engine/a_test.go", `package engine; var k = "ebs"`),
		goFile(t, "engine/b.go", `package engine; import "a/ebs"; var k = "ebs volumes"`),
	}), `engine/a.go:1: the literal "ebs"`)
	expect(t, kindConstants([]*file{
		goFile(t, "resource/kind.go", `package resource; type Kind string; const ( EBS Kind = "ebs"; S3 Kind = "s3" )`),
		goFile(t, "engine/a.go", `package engine; import "holdfast/resource"; var k = resource.S3`),
		goFile(t, "driver/ebs/a.go", `package ebs; import "holdfast/resource"; var k = resource.EBS`),
		goFile(t, "engine/a_test.go", `package engine; import "holdfast/resource"; var k = resource.EBS`),
		goFile(t, "engine/b.go", `package engine; import "holdfast/resource"; var k resource.Kind = resource.Kinds()[0]`),
	}), "engine/a.go:1: resource.S3 names a kind")
	long := "package a\nfunc f() {" + strings.Repeat("\n", maxFunctionLines) + "}\n"
	expect(t, sizes([]*file{
		goFile(t, "a/a.go", long),
		goFile(t, "a/a_test.go", long),
		goFile(t, "a/b.go", "package a\n"+strings.Repeat("\n", maxFileLines)),
	}), "f has 71 lines", "b.go: 501 lines")
	expect(t, hiddenInputs([]*file{
		goFile(t, "engine/a.go", `package engine; import "time"; var a = time.Now()`),
		goFile(t, "engine/b.go", `package engine; import "os"; var a, f = os.Getenv("X"), os.Open`),
		goFile(t, "internal/clock/a.go", `package clock; import "time"; var a = time.Now()`),
		goFile(t, "engine/c.go", `package engine; import "time"; func f(after interface{ After() }) { after.After(); _ = time.Second }`),
	}), "time.Now is for internal/clock", "os.Getenv is for cmd")
}
