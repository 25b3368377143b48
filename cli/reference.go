package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Reference returns docs/cli.md: every command with its arguments, flags and examples,
// written from the tree the program parses its command line with.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Commands

` + "`holdfast COMMAND --help`" + ` prints the same. Results go to standard output, everything else to
standard error. Text is for people and may change; what ` + "`--output json`" + ` prints is a contract: keys are
snake_case, times are RFC 3339 in UTC, and errors are
` + "`{\"errors\":[{\"kind\",\"message\",\"path\",\"file\",\"line\"}]}`" + `. Ids are accepted in any case, flags before or
after arguments.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | bad input; nothing was changed |
| 3 | partly failed, or something needs attention |

This page is generated from the commands themselves.
`)
	app := newApp(Env{Stdout: io.Discard, Stderr: io.Discard, Stdin: strings.NewReader("")})
	for _, c := range app.VisibleCommands() {
		describe(&b, c, app.Name)
	}
	return b.String()
}

// describe writes c and the commands below it.
func describe(b *strings.Builder, c *cli.Command, parent string) {
	if c.Name == "help" {
		return
	}
	name := parent + " " + c.Name
	if len(c.Subcommands) > 0 {
		for _, sub := range c.Subcommands {
			describe(b, sub, name)
		}
		return
	}
	usage := strings.TrimSpace(name + " [FLAGS] " + c.ArgsUsage)
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n```sh\n%s\n```\n", name, sentence(c.Usage), usage)
	if text := strings.TrimSpace(c.Description); text != "" {
		b.WriteString("\n" + fenced(text))
	}
	flagTable(b, c.Flags)
}

// sentence begins text with a capital.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// fenced turns the indented examples of a help text into code blocks.
func fenced(text string) string {
	var b strings.Builder
	code := false
	for line := range strings.SplitSeq(text, "\n") {
		example := strings.HasPrefix(line, "   ")
		if example != code && (example || line != "") {
			b.WriteString(map[bool]string{true: "```sh\n", false: "```\n\n"}[example])
			code = example
		}
		if code && line == "" {
			continue
		}
		b.WriteString(strings.TrimPrefix(line, "   ") + "\n")
	}
	if code {
		b.WriteString("```\n")
	}
	return b.String()
}

// flagTable lists the flags of one command.
func flagTable(b *strings.Builder, flags []cli.Flag) {
	b.WriteString("\n| flag | default | meaning |\n|---|---|---|\n")
	for _, f := range flags {
		documented, ok := f.(cli.DocGenerationFlag)
		if !ok || slices.Contains(f.Names(), "help") {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", flagName(f, documented), flagDefault(f, documented), flagMeaning(documented))
	}
}

func flagName(f cli.Flag, documented cli.DocGenerationFlag) string {
	var names []string
	for _, n := range f.Names() {
		dashes := "--"
		if len(n) == 1 {
			dashes = "-"
		}
		names = append(names, dashes+n)
	}
	text := "`" + strings.Join(names, "`, `")
	if documented.TakesValue() {
		text += " " + placeholder(documented.GetUsage())
	}
	return text + "`"
}

// placeholder is the word a usage text has between back quotes.
func placeholder(usage string) string {
	if _, after, ok := strings.Cut(usage, "`"); ok {
		if word, _, ok := strings.Cut(after, "`"); ok {
			return word
		}
	}
	return "VALUE"
}

func flagDefault(f cli.Flag, documented cli.DocGenerationFlag) string {
	text := strings.Trim(documented.GetDefaultText(), `"`)
	required, ok := f.(cli.RequiredFlag)
	switch {
	case ok && required.IsRequired():
		return "**required**"
	case text == "" || !documented.TakesValue():
		return ""
	default:
		return "`" + text + "`"
	}
}

func flagMeaning(documented cli.DocGenerationFlag) string {
	text := strings.ReplaceAll(strings.ReplaceAll(documented.GetUsage(), "`", ""), "|", `\|`)
	if variables := documented.GetEnvVars(); len(variables) > 0 {
		text += "; also as variable `" + strings.Join(variables, "`, `") + "`"
	}
	return text
}
