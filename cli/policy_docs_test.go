package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	documentedFile    = regexp.MustCompile("(?s)`([a-z]+\\.json)`,[^`]*(?:`[^`\n]+`[^`]*)*\n\n```json\n(.*?)```")
	documentedCommand = regexp.MustCompile("(?s)```console\n\\$ holdfast ([^\n]+)\n(.*?)```")
	commandWords      = regexp.MustCompile(`'[^']*'|\S+`)
)

// TestPolicyDocumentation runs every command of docs/policies.md on the files it shows.
func TestPolicyDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t)
	files := documentedFile.FindAllStringSubmatch(string(page), -1)
	for _, f := range files {
		o.write(f[1], f[2])
	}
	commands := documentedCommand.FindAllStringSubmatch(string(page), -1)
	if len(files) != 4 || len(commands) != 3 {
		t.Fatalf("%d files and %d commands: is the page still what it was?", len(files), len(commands))
	}
	for _, c := range commands {
		args := commandWords.FindAllString(c[1], -1)
		for i, word := range args {
			args[i] = strings.Trim(word, "'")
			if strings.HasSuffix(word, ".json") {
				args[i] = o.dir + "/" + word
			}
		}
		a := typed(t, args...)
		if diff := cmp.Diff(c[2], trimLines(a.stdout)); diff != "" || a.code != codeDone {
			t.Errorf("holdfast %s: exit %d %s\n%s", c[1], a.code, a.stderr, diff)
		}
	}
}
