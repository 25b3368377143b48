package policy

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// YAML writes the document so that ParseDocument reads it again. What only AWS Backup
// carries out is left out; see AWSOnly.
func (d Document) YAML() ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(encoded(reflect.ValueOf(d))); err != nil {
		return nil, err
	}
	return b.Bytes(), encoder.Close()
}

// encoded is the opposite of decode: keys in the order of the fields, nothing that was
// left out.
func encoded(v reflect.Value) *yaml.Node {
	switch v.Kind() {
	case reflect.Pointer:
		return encoded(v.Elem())
	case reflect.Struct:
		node := &yaml.Node{Kind: yaml.MappingNode}
		encodeFields(node, v)
		return node
	case reflect.Slice:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			node.Content = append(node.Content, encoded(v.Index(i)))
		}
		return node
	case reflect.Map:
		node := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range slices.Sorted(maps.Keys(v.Interface().(map[string]string))) {
			node.Content = append(node.Content, scalar("!!str", key), encoded(v.MapIndex(reflect.ValueOf(key))))
		}
		return node
	case reflect.Bool:
		return scalar("!!bool", strconv.FormatBool(v.Bool()))
	case reflect.Int64:
		return scalar("!!int", strconv.FormatInt(v.Int(), 10))
	default:
		return scalar("!!str", v.String())
	}
}

func encodeFields(node *yaml.Node, v reflect.Value) {
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		field := v.Field(i)
		switch {
		case name == "-":
		case option == "inline":
			encodeFields(node, field)
		case option == "required" || !empty(field):
			node.Content = append(node.Content, scalar("!!str", name), encoded(field))
		}
	}
}

// empty also holds for lists that are there but hold nothing.
func empty(v reflect.Value) bool {
	if k := v.Kind(); k == reflect.Slice || k == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

// scalar quotes text that YAML would read as something else: the tag says what it is.
func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}
