package cli

import (
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"github.com/urfave/cli/v2"
)

func TestReferencePage(t *testing.T) {
	t.Parallel()
	golden.Text(t, filepath.Join("..", "docs", "cli.md"), Reference())
}

// leaves calls visit for every command that does something, with its words.
func leaves(commands []*cli.Command, words []string, visit func(words []string, c *cli.Command)) {
	for _, c := range commands {
		if c.Name == "help" {
			continue
		}
		path := append(slices.Clone(words), c.Name)
		if len(c.Subcommands) > 0 {
			leaves(c.Subcommands, path, visit)
			continue
		}
		visit(path, c)
	}
}

func testTree() []*cli.Command {
	return newApp(Env{Stdout: io.Discard, Stderr: io.Discard, Stdin: strings.NewReader("")}).Commands
}

var exampleLine = regexp.MustCompile(`(?m)^ {3}holdfast .*$`)

// Every command explains itself: what it is for, and an example whose words and flags
// exist.
func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	seen := 0
	leaves(testTree(), nil, func(words []string, c *cli.Command) {
		seen++
		name := strings.Join(words, " ")
		if c.Usage == "" {
			t.Errorf("%s says not what it is for", name)
		}
		examples := exampleLine.FindAllString(c.Description, -1)
		if len(examples) == 0 || !strings.Contains(c.Description, "Example") {
			t.Errorf("%s has no example", name)
		}
		for _, example := range examples {
			checkExample(t, words, c, strings.TrimSpace(example))
		}
	})
	if seen < 25 {
		t.Errorf("%d commands were looked at: the walk misses some", seen)
	}
}

// checkExample wants the example to call the command, with flags it has.
func checkExample(t *testing.T, words []string, c *cli.Command, example string) {
	t.Helper()
	line, _, _ := strings.Cut(example, " | ") // what comes after a pipe is another program's
	fields := strings.Fields(line)
	if len(fields) <= len(words) || !slices.Equal(fields[1:1+len(words)], words) {
		if !slices.Equal(fields[1:], words) {
			t.Errorf("%s: the example %q calls something else", strings.Join(words, " "), example)
		}
		return
	}
	for _, field := range fields[1+len(words):] {
		name, isFlag := strings.CutPrefix(field, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && !slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }) {
			t.Errorf("%s: the example %q uses --%s, which there is not", strings.Join(words, " "), example, name)
		}
	}
}

// Every command takes --output and every flag says what it is for.
func TestEveryFlagIsExplained(t *testing.T) {
	t.Parallel()
	leaves(testTree(), nil, func(words []string, c *cli.Command) {
		name := strings.Join(words, " ")
		if !slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "output") }) {
			t.Errorf("%s has no --output", name)
		}
		for _, f := range c.Flags {
			if d, ok := f.(cli.DocGenerationFlag); ok && d.GetUsage() == "" && f.Names()[0] != "help" {
				t.Errorf("%s --%s is not explained", name, f.Names()[0])
			}
		}
	})
}

var flagInProse = regexp.MustCompile(`--[a-z][a-z-]*[a-z]`)

// The prose names flags the command has: an example's flags are checked above, and a
// renamed flag is easily forgotten in a sentence.
func TestEveryFlagNamedExists(t *testing.T) {
	t.Parallel()
	leaves(testTree(), nil, func(words []string, c *cli.Command) {
		prose := exampleLine.ReplaceAllString(c.Description, "")
		for _, written := range flagInProse.FindAllString(prose, -1) {
			name := strings.TrimPrefix(written, "--")
			if !slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }) {
				t.Errorf("%s is described with %s, which it does not have", strings.Join(words, " "), written)
			}
		}
	})
}
