package holdfast_test

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// textRules are what no text file may contain. The rules are about this file too, so the
// expressions are written so as not to match themselves.
var textRules = []struct {
	pattern *regexp.Regexp
	only    string // file name pattern, "" for all
	remedy  string
}{
	{regexp.MustCompile(`/(home|root|Users|work)/[a-z.]`), "", "a path of somebody's machine: make it relative or a parameter"},
	{regexp.MustCompile(`[ (]/(tmp)/[a-z]`), "*.md", "a path of somebody's machine: use a relative one"},
	{regexp.MustCompile(`\b(TO[D]O|FIX[M]E|XX[X])\b`), "", "unfinished work: do it, or open an issue and leave the mark out"},
	{regexp.MustCompile(`(?m)^(<{7}|>{7}) `), "", "a merge conflict: resolve it"},
	{regexp.MustCompile(`(?m)[ \t]+$`), "", "white space at the end of a line: remove it"},
	{regexp.MustCompile(`\r`), "", "a carriage return: use Unix line ends"},
	{regexp.MustCompile(`[^\n]\z`), "", "the last line has no end: add a newline"},
}

// verbatim are files whose text is not ours to tidy.
func verbatim(name string) bool {
	return name == "LICENSE" || strings.HasSuffix(name, ".LICENSE") || strings.HasSuffix(name, "testdata/axe.js") || strings.Contains(name, "assets/vendor/") || strings.HasSuffix(name, ".sum") || strings.Contains(name, "testdata/fuzz/") || strings.Contains(name, "testdata/rapid/")
}

// texts returns what should not be in the files.
func texts(files []*file) (findings []string) {
	for _, f := range files {
		if verbatim(f.path) {
			continue
		}
		if !utf8.Valid(f.data) {
			findings = append(findings, f.path+": not UTF-8: save it as UTF-8")
			continue
		}
		for _, rule := range textRules {
			if ok, err := path.Match(rule.only, path.Base(f.path)); rule.only != "" && (err != nil || !ok) {
				continue
			}
			if at := rule.pattern.FindIndex(f.data); at != nil {
				line := 1 + strings.Count(string(f.data[:at[0]]), "\n")
				findings = append(findings, fmt.Sprintf("%s:%d: %q: %s", f.path, line, f.data[at[0]:at[1]], rule.remedy))
			}
		}
	}
	return findings
}

// moduleFile returns what must not be in go.mod.
func moduleFile(files []*file) (findings []string) {
	replace := regexp.MustCompile(`(?m)^\s*replace\b`)
	for _, f := range files {
		if f.path == "go.mod" && replace.Match(f.data) {
			findings = append(findings, "go.mod: a replace directive works on one machine only, and `go install` refuses it: remove it")
		}
	}
	return findings
}

func TestTexts(t *testing.T) {
	t.Parallel()
	report(t, texts(tree(t)))
}

func TestModuleFile(t *testing.T) {
	t.Parallel()
	report(t, moduleFile(tree(t)))
}

func TestTextChecksFindMistakes(t *testing.T) {
	t.Parallel()
	bad := func(name, text string) *file { return &file{path: name, data: []byte(text)} }
	expect(t, texts([]*file{
		bad("a.md", "see /ho"+"me/x\n"),
		bad("b.md", "see /tm"+"p/x\n"),
		bad("c.go", "// TO"+"DO later\n"),
		bad("d.txt", "a \nb"),
		bad("e.sh", "echo > /tm"+"p/x\n"),
		bad("f.txt", "\xff\n"),
		bad("LICENSE", "as it is "),
	}), "a.md:1", "b.md:1", "unfinished work", "white space", "no end", "not UTF-8")
	expect(t, moduleFile([]*file{bad("go.mod", "module a\n\nreplace b => ../b\n")}), "replace directive")
}
