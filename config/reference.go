package config

import (
	"fmt"
	"strings"
)

// Example returns a complete configuration file: every key with its meaning, required
// keys and defaults live, the others commented out with a value that would be accepted.
func Example() string {
	var b strings.Builder
	b.WriteString("# Holdfast configuration: every key there is. Lines with a plain value are the\n" +
		"# defaults or required; lines that start with '#' are optional. Each key can also be\n" +
		"# given as the environment variable named beside it, which wins over this file.\n" +
		"# Check it with: holdfast config validate --config holdfast.yaml\n")
	var open []string
	for _, k := range keys(&Config{}) {
		parts := strings.Split(k.path, ".")
		sections := parts[:len(parts)-1]
		same := 0
		for same < min(len(open), len(sections)) && open[same] == sections[same] {
			same++
		}
		b.WriteByte('\n')
		for depth := same; depth < len(sections); depth++ {
			fmt.Fprintf(&b, "%s%s:\n", indent(depth), sections[depth])
		}
		open = sections
		exampleKey(&b, k, parts[len(parts)-1], len(sections))
	}
	return b.String()
}

func exampleKey(b *strings.Builder, k key, name string, depth int) {
	for _, line := range wrap(k.doc, 88-2*depth) {
		fmt.Fprintf(b, "%s# %s\n", indent(depth), line)
	}
	fmt.Fprintf(b, "%s# %s\n", indent(depth), k.env())
	live, mark := k.def, ""
	if live == "" {
		live = k.example
		if !k.required && !k.live {
			mark = "#"
		}
	}
	fmt.Fprintf(b, "%s%s%s: %s\n", indent(depth), mark, name, inYAML(k.value.shape(), live))
}

// inYAML turns the environment spelling of a value into YAML flow style.
func inYAML(s shape, text string) string {
	switch s {
	case listShape:
		words := strings.Split(text, ",")
		for i, word := range words {
			words[i] = quote(word)
		}
		return "[" + strings.Join(words, ", ") + "]"
	case mapShape:
		return "{" + strings.ReplaceAll(strings.ReplaceAll(text, ",", ", "), "=", ": ") + "}"
	case recordShape:
		return text // written in flow style already
	default:
		return quote(text)
	}
}

// quote puts quotes around what YAML would read as something else than text; account ids
// look like numbers.
func quote(word string) string {
	if strings.ContainsAny(word, "{}*#[]") || len(word) == 12 && strings.Trim(word, "0123456789") == "" {
		return `"` + word + `"`
	}
	return word
}

func indent(depth int) string { return strings.Repeat("  ", depth) }

// wrap breaks text into lines of at most width bytes.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// Reference returns docs/configuration.md: every key with type, default, variable and
// meaning.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

Holdfast reads one YAML file (` + "`--config FILE` or `" + EnvFile + "`" + `). Every key can also be given as
an environment variable: upper case, ` + "`.` becomes `_`, prefix `" + envPrefix + "`" + `, lists with commas, maps as
` + "`name=value,name=value`" + `. A variable wins over the file, the file over the default; a variable that is
set but empty counts as not set. Durations are written like ` + "`90s`, `10m` or `1h30m`" + `.

` + "`holdfast config validate`" + ` reports everything that is wrong at once, with file and line;
` + "`holdfast config print`" + ` shows the values in effect, where each came from, and no secret.
A complete commented file is in [examples/holdfast.yaml](examples/holdfast.yaml).

This page is generated from the table the program reads its configuration with.

| key | type | default | variable | meaning |
|---|---|---|---|---|
`)
	for _, k := range keys(&Config{}) {
		variable := "`" + k.env() + "`"
		if k.alsoEnv != "" {
			variable += " or `" + k.alsoEnv + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.path, k.value.typeName(), shownDefault(k), variable, k.doc)
		if list, ok := k.value.(recordList); ok {
			for _, field := range list.example() {
				fmt.Fprintf(&b, "| `%s[].%s` | %s | %s | | %s |\n", k.path, field.path, field.value.typeName(), shownDefault(field), field.doc)
			}
		}
	}
	return b.String()
}

func shownDefault(k key) string {
	switch {
	case k.required:
		return "**required**"
	case k.def == "":
		return "not set"
	default:
		return "`" + k.def + "`"
	}
}
