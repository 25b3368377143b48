package policy

import (
	"reflect"

	"go.yaml.in/yaml/v3"

	"holdfast/policy/strictjson"
)

// DecodeJSON fills v, a pointer to a struct whose yaml tags name the keys (",required"
// ones must be there), from JSON. It refuses unknown keys and values of other kinds, and
// reports every mistake.
func DecodeJSON(file string, root *strictjson.Node, v any) Result {
	r := newReport(file)
	d := decoder{report: r}
	d.decode(yamlNode(root), "", reflect.ValueOf(v).Elem())
	return gather([]*report{r})
}

// ReadJSON parses a file; the root is nil when there are problems.
func ReadJSON(f File) (*strictjson.Node, Result) {
	root, faults := strictjson.Parse(f.Data)
	r := newReport(f.Name)
	for _, fault := range faults {
		r.problemAt(fault.Line, fault.Path, "%s", fault.Message)
	}
	if len(faults) > 0 {
		root = nil
	}
	return root, gather([]*report{r})
}

var yamlTags = map[strictjson.Kind]string{
	strictjson.Null: "!!null", strictjson.Bool: "!!bool", strictjson.Number: "!!float", strictjson.String: "!!str",
}

// yamlNode makes a YAML node of a JSON value: the decoder reads these.
func yamlNode(json *strictjson.Node) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: yamlTags[json.Kind], Value: json.Text, Line: json.Line}
	switch json.Kind {
	case strictjson.Object:
		node.Kind, node.Tag = yaml.MappingNode, "!!map"
		for _, m := range json.Members {
			key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: m.Key, Line: m.Line}
			node.Content = append(node.Content, key, yamlNode(m.Value))
		}
	case strictjson.Array:
		node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range json.Items {
			node.Content = append(node.Content, yamlNode(item))
		}
	}
	return node
}
