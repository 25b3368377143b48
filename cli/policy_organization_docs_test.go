package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdfast/internal/golden"
)

var docBlock = regexp.MustCompile("(?s)```(json|console) ?([a-z0-9./]*)\n(.*?)```\n")

// TestThePageAboutOrganizationPolicies writes the files of the page and runs its commands.
// The effective policy of its levels is effective.json for the commands that follow.
func TestThePageAboutOrganizationPolicies(t *testing.T) {
	t.Parallel()
	page := filepath.Join("..", "docs", "organization-policies.md")
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, dir: t.TempDir()}
	text := docBlock.ReplaceAllStringFunc(string(data), func(block string) string {
		m := docBlock.FindStringSubmatch(block)
		if m[1] == "json" {
			o.write(m[2], m[3])
			return block
		}
		command, _, _ := strings.Cut(m[3], "\n")
		var args []string
		for word := range strings.FieldsSeq(strings.TrimPrefix(command, "$ holdfast ")) {
			if strings.HasSuffix(word, ".json") || strings.HasSuffix(word, "/") {
				word = filepath.Join(o.dir, word)
			}
			args = append(args, word)
		}
		a := typed(t, args...)
		if a.code == codeDone && args[1] == "effective" && args[2] == "--level" {
			o.write("effective.json", a.stdout)
		}
		return "```console\n" + command + "\n" + strings.ReplaceAll(a.stdout+a.stderr, o.dir+"/", "") + "```\n"
	})
	golden.Text(t, page, text)
}
