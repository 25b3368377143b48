package policy

import (
	"encoding/json"
	"reflect"
	"strings"
)

// JSONSchema returns a JSON Schema of Holdfast's YAML for editors, made from the types
// the YAML is read into. It knows the keys, which of them must be there and what kind of
// value each has; what values mean only Compile checks.
// Source: https://json-schema.org/draft/2020-12
func JSONSchema() ([]byte, error) {
	s := schemaOf(reflect.TypeFor[Document]())
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "Holdfast policy"
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}

// schema is the part of JSON Schema that is used.
type schema struct {
	Schema     string             `json:"$schema,omitempty"`
	Title      string             `json:"title,omitempty"`
	Type       string             `json:"type"`
	Enum       []string           `json:"enum,omitempty"`
	Pattern    string             `json:"pattern,omitempty"`
	Items      *schema            `json:"items,omitempty"`
	Properties map[string]*schema `json:"properties,omitempty"`
	Required   []string           `json:"required,omitempty"`
	Additional any                `json:"additionalProperties,omitempty"`
}

// closed are keys with few values, and patterns keys whose values have one form.
var (
	closed = map[string][]string{
		"condition_type": {StringEquals, "StringEquals"},
		"engine":         {string(EngineNative), string(EngineAWSBackup)},
	}
	patterns = map[string]string{
		"name":                     validName.String(),
		"target_backup_vault_name": validVaultName.String(),
		"schedule_expression":      `^cron\(.*\)$`,
		"max_delay":                spanShape.String(),
		"rpo_objective":            spanShape.String(),
	}
)

func schemaOf(t reflect.Type) *schema {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return &schema{Type: "array", Items: schemaOf(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", Additional: schemaOf(t.Elem())}
	case reflect.Struct:
		s := &schema{Type: "object", Properties: map[string]*schema{}, Additional: false}
		s.fields(t)
		return s
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int64:
		return &schema{Type: "integer"}
	default:
		return &schema{Type: "string"}
	}
}

func (s *schema) fields(t reflect.Type) {
	for field := range t.Fields() {
		name, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case name == "-":
			continue
		case option == "inline":
			s.fields(field.Type)
			continue
		case option == "required":
			s.Required = append(s.Required, name)
		}
		property := schemaOf(field.Type)
		property.Enum, property.Pattern = closed[name], patterns[name]
		s.Properties[name] = property
	}
}
