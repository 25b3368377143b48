package config

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxRecords bounds a list of records.
const maxRecords = 200

// records is a list of mappings, each with keys of its own. As an environment variable it
// is written in YAML's flow style, which is JSON too.
type records[T any] struct {
	field  *[]T
	name   string
	fields func(*T) []key // the keys of one record, their paths without the list's
}

func (r records[T]) typeName() string { return "list of " + r.name }
func (r records[T]) shape() shape     { return recordShape }
func (r records[T]) set([]item) []fault {
	panic("config: a list of records is read from a document")
}

func (r records[T]) encoded() any {
	list := make([]map[string]any, len(*r.field))
	for i := range *r.field {
		list[i] = map[string]any{}
		for _, k := range r.fields(&(*r.field)[i]) {
			if text := k.value.text(); text != "" && text != k.def {
				list[i][k.path] = k.value.encoded()
			}
		}
	}
	return list
}

func (r records[T]) text() string {
	if len(*r.field) == 0 {
		return ""
	}
	data, err := json.Marshal(r.encoded())
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// begin makes room for n records and calls read with the table of each, defaults set.
func (r records[T]) begin(n int, read func(i int, table []key)) {
	list := make([]T, n)
	for i := range list {
		table := r.fields(&list[i])
		for _, k := range table {
			if k.def != "" {
				readVariable(k, "", k.def)
			}
		}
		read(i, table)
	}
	*r.field = list
}

// example returns the keys of one record, for the reference page.
func (r records[T]) example() []key { return r.fields(new(T)) }

// recordList is what the reader needs of records of any type.
type recordList interface {
	begin(n int, read func(i int, table []key))
	example() []key
}

// records reads a list of mappings, each along the table of its list.
func (r *reader) records(k key, list recordList, n *yaml.Node) {
	switch {
	case !r.plain(n, k.path):
		return
	case n.Kind != yaml.SequenceNode:
		r.problem(n, k.path, "must be a list of %s: write one `- name: value` an entry", strings.TrimPrefix(k.value.typeName(), "list of "))
		return
	case len(n.Content) > maxRecords:
		r.problem(n, k.path, "has more than %d entries", maxRecords)
		return
	}
	r.origins[k.path] = origin{file: r.file, line: n.Line}
	list.begin(len(n.Content), func(i int, table []key) {
		path := fmt.Sprintf("%s[%d]", k.path, i)
		r.origins[path] = origin{file: r.file, line: n.Content[i].Line}
		inner := &reader{file: r.file, keys: map[string]key{}, sections: map[string]bool{}, origins: r.origins}
		for _, field := range table {
			field.path = path + "." + field.path
			inner.keys[field.path] = field
		}
		inner.section(n.Content[i], path)
		r.problems = append(r.problems, inner.problems...)
	})
}

// readRecords reads the text of a variable as a list of records.
func readRecords(k key, list recordList, name, text string, origins map[string]origin) []Problem {
	inner := &reader{keys: map[string]key{}, sections: map[string]bool{}, origins: map[string]origin{}}
	root, err := parse([]byte(text))
	switch {
	case err != nil:
		return []Problem{{Env: name, Path: k.path, Message: "is not YAML or JSON: " + err.Error()}}
	case root != nil:
		inner.records(k, list, root)
	}
	for path := range inner.origins {
		origins[path] = origin{env: name}
	}
	for i := range inner.problems {
		inner.problems[i].Env, inner.problems[i].Line = name, 0
	}
	return inner.problems
}
