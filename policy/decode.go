package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits on one document, against files that are not policies and YAML bombs.
const (
	maxFileBytes = 1 << 20
	maxNodes     = 200_000 // aliases count each time they are followed
)

// decoder fills Go values from YAML nodes. It refuses what the types do not name and goes
// on after a mistake, so that one run finds all of them.
type decoder struct {
	report *report
	nodes  int
}

// decode puts node into v. Struct fields carry their key in the yaml tag; ",required"
// keys must be there, ",inline" fields lend their keys to the parent. The types are not
// recursive, so nesting and aliases that contain themselves end where the types end.
func (d *decoder) decode(node *yaml.Node, path string, v reflect.Value) {
	d.report.lines[path] = node.Line
	d.nodes++
	switch {
	case d.nodes > maxNodes:
		if d.nodes == maxNodes+1 {
			d.report.problem("", "the document has more than %d values, counting what aliases repeat", maxNodes)
		}
		return
	case node.Kind == yaml.AliasNode:
		d.decode(node.Alias, path, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(node, path, v)
	case reflect.Slice:
		d.list(node, path, v)
	case reflect.Map:
		d.stringMap(node, path, v)
	case reflect.String:
		d.text(node, path, v)
	case reflect.Pointer: // absent differs from 0, false and an empty object
		d.present(node, path, v)
	default:
		panic(fmt.Sprintf("policy: no decoding into %s", v.Type()))
	}
}

// present fills what a pointer points to; the pointer stays nil where that fails.
func (d *decoder) present(node *yaml.Node, path string, v reflect.Value) {
	switch v.Type().Elem().Kind() {
	case reflect.Int64:
		d.number(node, path, v)
	case reflect.Bool:
		d.boolean(node, path, v)
	default:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(node, path, v.Elem())
	}
}

func (d *decoder) object(node *yaml.Node, path string, v reflect.Value) {
	if node.Kind != yaml.MappingNode {
		d.report.unreadable(node.Line, path, "want key: value pairs, found %s", describe(node))
		return
	}
	fields := fieldsOf(v)
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		child := join(path, clip(key.Value))
		if !d.key(key, child, seen) {
			continue
		}
		f, known := fields[key.Value]
		if !known {
			d.unknown(key, path, fields)
			continue
		}
		d.decode(value, child, f.value)
		d.report.lines[child] = key.Line
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, present := seen[name]; fields[name].required && !present {
			d.report.lines[join(path, name)] = node.Line
			d.report.unreadable(node.Line, join(path, name), "%s is missing", name)
		}
	}
}

// key checks what is true of every key; a refused one is reported and skipped.
func (d *decoder) key(key *yaml.Node, child string, seen map[string]int) bool {
	switch {
	case key.ShortTag() == "!!merge":
		d.report.unreadable(key.Line, child, "merge keys (<<) are not supported: repeat the keys or use an alias as the whole value")
		return false
	case key.Kind != yaml.ScalarNode:
		d.report.unreadable(key.Line, child, "a key must be plain text, found %s", describe(key))
		return false
	case seen[key.Value] > 0:
		d.report.unreadable(key.Line, child, "%s is given twice, first in line %d: remove one", clip(key.Value), seen[key.Value])
		return false
	}
	seen[key.Value] = key.Line
	return true
}

// unknown reports a key no field has, with the most helpful of three messages.
func (d *decoder) unknown(key *yaml.Node, path string, fields map[string]field) {
	child := join(path, clip(key.Value))
	d.nodes++
	if reason, ok := notCarriedOut[normalise(key.Value)]; ok {
		d.report.unreadable(key.Line, child, "%s", reason)
		return
	}
	names := slices.Sorted(maps.Keys(fields))
	if name, ok := Suggest(key.Value, names); ok {
		d.report.unreadable(key.Line, child, "unknown key %q: did you mean %s?", clip(key.Value), name)
		d.report.mute(join(path, name)) // do not also report the meant key as missing
		return
	}
	d.report.unreadable(key.Line, child, "unknown key %q: the keys here are %s", clip(key.Value), strings.Join(names, ", "))
}

func (d *decoder) list(node *yaml.Node, path string, v reflect.Value) {
	if node.Kind != yaml.SequenceNode {
		d.report.unreadable(node.Line, path, "want a list, found %s", describe(node))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, min(len(node.Content), 1024)))
	for i, item := range node.Content {
		element := reflect.New(v.Type().Elem()).Elem()
		d.decode(item, fmt.Sprintf("%s[%d]", path, i), element)
		if d.nodes > maxNodes {
			return
		}
		v.Set(reflect.Append(v, element))
	}
}

func (d *decoder) stringMap(node *yaml.Node, path string, v reflect.Value) {
	if node.Kind != yaml.MappingNode {
		d.report.unreadable(node.Line, path, "want key: value pairs, found %s", describe(node))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		child := join(path, clip(key.Value))
		if !d.key(key, child, seen) {
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(node.Content[i+1], child, value)
		v.SetMapIndex(reflect.ValueOf(key.Value), value)
	}
}

func (d *decoder) text(node *yaml.Node, path string, v reflect.Value) {
	switch {
	case node.Kind != yaml.ScalarNode || node.ShortTag() == "!!null":
		d.report.unreadable(node.Line, path, "want text, found %s", describe(node))
	case node.ShortTag() != "!!str": // YAML has read 12 as a number and 2026-01-01 as a date
		d.report.unreadable(node.Line, path, "want text, found %s: put it in quotes, %q", describe(node), clip(node.Value))
	default:
		v.SetString(node.Value)
	}
}

// number takes plain decimal digits only: YAML would read 010 as eight and 1_0 as ten.
func (d *decoder) number(node *yaml.Node, path string, v reflect.Value) {
	digits := strings.TrimPrefix(node.Value, "-")
	plain := digits != "" && strings.Trim(digits, "0123456789") == "" && (digits == "0" || digits[0] != '0')
	switch {
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str" && plain:
		d.report.unreadable(node.Line, path, "want a whole number, found text: remove the quotes around %s", clip(node.Value))
	case node.Kind != yaml.ScalarNode || !plain:
		d.report.unreadable(node.Line, path, "want a whole number in plain digits, found %s", describe(node))
	default:
		n, err := strconv.ParseInt(node.Value, 10, 64)
		if err != nil {
			d.report.unreadable(node.Line, path, "%s is too large a number", clip(node.Value))
			return
		}
		v.Set(reflect.ValueOf(&n))
	}
}

// boolean takes true and false only: YAML 1.1 would read yes, on and y as true too.
func (d *decoder) boolean(node *yaml.Node, path string, v reflect.Value) {
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" || node.Value != "true" && node.Value != "false" {
		d.report.unreadable(node.Line, path, "want true or false, found %s", describe(node))
		return
	}
	yes := node.Value == "true"
	v.Set(reflect.ValueOf(&yes))
}

// field is where a key's value goes.
type field struct {
	value    reflect.Value
	required bool
}

func fieldsOf(v reflect.Value) map[string]field {
	fields := map[string]field{}
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case name == "-": // no key of the document
			continue
		case option == "inline":
			maps.Copy(fields, fieldsOf(v.Field(i)))
			continue
		}
		fields[name] = field{value: v.Field(i), required: option == "required"}
	}
	return fields
}

func join(path, key string) string {
	switch {
	case path == "":
		return key
	case key == "":
		return path
	}
	return path + "." + key
}

// describe names a node in words of the person who wrote it.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "key: value pairs"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch node.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "the boolean " + clip(node.Value)
	case "!!int", "!!float":
		return "the number " + clip(node.Value)
	case "!!timestamp":
		return "the date " + clip(node.Value)
	}
	return fmt.Sprintf("the text %q", clip(node.Value))
}

// clip keeps quoted input short in messages.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
