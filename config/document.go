package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxFileBytes bounds the configuration file.
const maxFileBytes = 1 << 20

// reader walks a YAML document along the table and keeps what is wrong with it.
type reader struct {
	file     string
	keys     map[string]key
	sections map[string]bool // redis, redis.tls, ...
	origins  map[string]origin
	problems []Problem
}

// readDocument stores the values of a YAML document in the fields the table is bound to
// and notes their origins. It returns everything that is wrong.
func readDocument(file string, data []byte, table []key, origins map[string]origin) []Problem {
	r := &reader{file: file, keys: map[string]key{}, sections: map[string]bool{}, origins: origins}
	for _, k := range table {
		r.keys[k.path] = k
		for i, c := range k.path {
			if c == '.' {
				r.sections[k.path[:i]] = true
			}
		}
	}
	root, err := parse(data)
	switch {
	case err != nil:
		r.syntaxError(err)
	case root != nil:
		r.section(root, "")
	}
	return r.problems
}

// parse returns the only document's root, or nil when the file says nothing.
func parse(data []byte) (*yaml.Node, error) {
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("the file is larger than %d bytes: it must hold configuration only", maxFileBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("the file is not UTF-8: save it as UTF-8")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has more than one YAML document: keep one and remove '---'")
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError reports what the YAML parser said, with its line number as ours.
func (r *reader) syntaxError(err error) {
	message := err.Error()
	line := 0
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = "not YAML: " + strings.TrimPrefix(message, m[0])
	}
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Message: message})
}

func (r *reader) problem(n *yaml.Node, path, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: n.Line, Path: path, Message: fmt.Sprintf(format, args...)})
}

// section reads a mapping whose path is a section of the table ("" for the root).
func (r *reader) section(n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // every key of the section is commented out
	}
	if !r.plain(n, path) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.problem(n, path, "must hold keys, as in `%s: ...`, one a line", r.firstKey(path))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, content := n.Content[i], n.Content[i+1]
		full := join(path, name.Value)
		if line, twice := seen[name.Value]; twice {
			r.problem(name, full, "is already set on line %d: remove one", line)
			continue
		}
		seen[name.Value] = name.Line
		r.entry(name, content, path, full)
	}
}

// entry reads one key of a section: a value, a section, or a mistake.
func (r *reader) entry(name, content *yaml.Node, section, full string) {
	k, known := r.keys[full]
	switch {
	case name.Kind != yaml.ScalarNode || name.Tag != "!!str":
		r.problem(name, section, "a key must be a plain word")
	case known && !strings.Contains(name.Value, "."):
		r.leafOrRecords(k, content)
	case r.sections[full] && !strings.Contains(name.Value, "."):
		r.section(content, full)
	default:
		r.problem(name, full, "unknown key%s", suggest(section, name.Value, r.keys, r.sections))
	}
}

func (r *reader) leafOrRecords(k key, n *yaml.Node) {
	if list, ok := k.value.(recordList); ok {
		r.records(k, list, n)
		return
	}
	r.leaf(k, n)
}

// leaf stores the value of a key.
func (r *reader) leaf(k key, n *yaml.Node) {
	items, ok := r.items(k, n)
	if !ok {
		return
	}
	faults := k.value.set(items)
	for _, f := range faults {
		it := items[f.index]
		r.problems = append(r.problems, Problem{File: r.file, Line: it.line, Path: itemPath(k, f.index, it), Message: f.message})
	}
	r.origins[k.path] = origin{file: r.file, line: n.Line}
}

// items turns a node into the items the key's shape asks for; ok is false after a problem.
func (r *reader) items(k key, n *yaml.Node) (items []item, ok bool) {
	if !r.plain(n, k.path) {
		return nil, false
	}
	want := map[shape]yaml.Kind{scalarShape: yaml.ScalarNode, listShape: yaml.SequenceNode, mapShape: yaml.MappingNode}[k.value.shape()]
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		r.problem(n, k.path, "has no value: give it one or remove the key")
		return nil, false
	case n.Kind != want:
		r.problem(n, k.path, "must be %s", map[shape]string{
			scalarShape: "a single value", listShape: "a list: write [a, b] or one `- value` a line",
			mapShape: "a map: write {name: value} or one `name: value` a line",
		}[k.value.shape()])
		return nil, false
	case want == yaml.ScalarNode:
		return []item{{text: n.Value, line: n.Line}}, true
	case len(n.Content) > 2*maxItems:
		r.problem(n, k.path, "has more than %d entries", maxItems)
		return nil, false
	}
	return r.entries(k, n)
}

// entries reads the elements of a sequence or the pairs of a mapping.
func (r *reader) entries(k key, n *yaml.Node) (items []item, ok bool) {
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	ok = true
	for i := 0; i+step <= len(n.Content); i += step {
		content := n.Content[i+step-1]
		it := item{text: content.Value, line: content.Line}
		if step == 2 {
			it.key = n.Content[i].Value
		}
		path := itemPath(k, i/step, it)
		switch {
		case !r.plain(content, path):
			ok = false
		case content.Kind != yaml.ScalarNode || content.Tag == "!!null":
			r.problem(content, path, "must be a single value")
			ok = false
		}
		items = append(items, it)
	}
	return items, ok
}

// plain refuses YAML that reads differently from how it looks: anchors, aliases, merge
// keys and custom tags. It also keeps a small file from unfolding into a large one.
func (r *reader) plain(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.problem(n, path, "anchors and aliases are not supported: write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		r.problem(n, path, "tags such as %s are not supported: remove it", n.Tag)
	default:
		return true
	}
	return false
}

// firstKey names a key of the section, for a message that shows what belongs there.
func (r *reader) firstKey(section string) string {
	var first string
	for path := range r.keys {
		if rest, ok := strings.CutPrefix(path, section+"."); ok && (first == "" || rest < first) {
			first = rest
		}
	}
	if first == "" {
		return "installation"
	}
	return first
}

func itemPath(k key, index int, it item) string {
	switch k.value.shape() {
	case listShape:
		return fmt.Sprintf("%s[%d]", k.path, index)
	case mapShape:
		return k.path + "." + it.key
	default:
		return k.path
	}
}

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}
