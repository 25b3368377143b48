package holdfast_test

import (
	"fmt"
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every test docs/security.md names must be there: a promise without one is none.
func TestSecurityPageNamesRealTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range sources(tree(t)) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") {
				known[fmt.Sprintf("%s.%s", f.dir, fn.Name.Name)] = true
			}
		}
	}
	named := regexp.MustCompile("`([a-z/]+\\.Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 10 {
		t.Fatalf("docs/security.md names %d tests", len(named))
	}
	for _, n := range named {
		if !known[n[1]] {
			t.Errorf("docs/security.md: there is no test %s", n[1])
		}
	}
}
