// Package holdfast_test checks what no single package can check about itself: which
// package may import which, where AWS and Redis may be touched, how large things get, and
// that the files around the code (compose, Dockerfile, Makefile) fit it. Every check is a
// function over a tree of files, so that each is also tried on a tree that breaks it.
package holdfast_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "holdfast"

// file is one file of the project; ast is nil for everything but Go.
type file struct {
	path string // relative to the root, with slashes
	dir  string // "." for the root
	data []byte
	fset *token.FileSet
	ast  *ast.File
}

// test reports whether the file belongs to tests only.
func (f *file) test() bool {
	return strings.HasSuffix(f.path, "_test.go") || isTestSupport(f.dir)
}

// line returns the line of a position.
func (f *file) line(p token.Pos) int { return f.fset.Position(p).Line }

// imports returns the imported paths with their positions.
func (f *file) imports() map[string]token.Pos {
	all := map[string]token.Pos{}
	for _, spec := range f.ast.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			all[name] = spec.Pos()
		}
	}
	return all
}

// goFile parses a source given in a test.
func goFile(t *testing.T, name, source string) *file {
	t.Helper()
	f, err := newFile(name, []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newFile(name string, data []byte) (*file, error) {
	f := &file{path: name, dir: path.Dir(name), data: data}
	if !strings.HasSuffix(name, ".go") {
		return f, nil
	}
	f.fset = token.NewFileSet()
	var err error
	f.ast, err = parser.ParseFile(f.fset, name, data, parser.ParseComments)
	return f, err
}

var project = sync.OnceValues(func() ([]*file, error) {
	var files []*file
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(name):
			return fs.SkipDir
		case entry.IsDir() || !entry.Type().IsRegular() || name == ".git": // in a worktree .git is a file
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(data, 0) >= 0 || isDatabase(name) {
			return nil
		}
		f, err := newFile(name, data)
		files = append(files, f)
		return err
	})
	return files, err
})

// skipped names directories that are not part of the project: build output, and what
// tools keep beside it.
func skipped(dir string) bool {
	base := path.Base(dir)
	return base == "bin" || base == "node_modules" || strings.HasPrefix(base, ".") && base != "." && base != ".ci" && base != ".github"
}

// isDatabase names what a run of Holdfast in the working directory leaves behind.
func isDatabase(name string) bool {
	return strings.HasSuffix(name, ".db") || strings.HasSuffix(name, ".db-wal") || strings.HasSuffix(name, ".db-shm")
}

// tree returns all files of the project.
func tree(t *testing.T) []*file {
	t.Helper()
	files, err := project()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("found %d files only: run the test from the project's root", len(files))
	}
	return files
}

// sources returns the Go files among files.
func sources(files []*file) (all []*file) {
	for _, f := range files {
		if f.ast != nil {
			all = append(all, f)
		}
	}
	return all
}

// report fails the test with one line per finding.
func report(t *testing.T, findings []string) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}

// expect fails unless there are exactly as many findings as wanted and each contains its
// text: it tries a check on files that break its rule.
func expect(t *testing.T, findings []string, want ...string) {
	t.Helper()
	if len(findings) != len(want) {
		t.Fatalf("got %d findings, want %d: %q", len(findings), len(want), findings)
	}
	for i, text := range want {
		if !strings.Contains(findings[i], text) {
			t.Errorf("finding %q does not contain %q", findings[i], text)
		}
	}
}
