package config

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"holdfast/resource"
)

// Every field of Config must be filled by exactly one row of the table: setting all rows
// to something else than the default has to change every field.
func TestTableCoversEveryField(t *testing.T) {
	t.Parallel()
	filled := map[unsafe.Pointer]string{}
	c := &Config{}
	for _, k := range keys(c) {
		at := reflect.ValueOf(k.value).FieldByName("field").UnsafePointer()
		if twice, ok := filled[at]; ok {
			t.Errorf("%s and %s fill the same field", twice, k.path)
		}
		filled[at] = k.path
	}
	for _, f := range leaves(reflect.ValueOf(c).Elem(), "Config") {
		if _, ok := filled[f.at]; !ok {
			t.Errorf("no key fills %s: add a row to keys.go", f.name)
		}
		delete(filled, f.at)
	}
	for _, path := range filled {
		t.Errorf("%s fills something outside Config", path)
	}
}

type leaf struct {
	at   unsafe.Pointer
	name string
}

func leaves(v reflect.Value, name string) (all []leaf) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case !field.IsExported() || field.Name == "Warnings":
		case field.Type.Kind() == reflect.Struct:
			all = append(all, leaves(v.Field(i), name+"."+field.Name)...)
		default:
			all = append(all, leaf{v.Field(i).Addr().UnsafePointer(), name + "." + field.Name})
		}
	}
	return all
}

func TestTableIsSane(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, k := range keys(&Config{}) {
		for _, name := range []string{k.path, k.env()} {
			if other, twice := seen[name]; twice {
				t.Errorf("%s is used by %s and %s", name, other, k.path)
			}
			seen[name] = k.path
		}
		if strings.ToLower(k.path) != k.path || strings.ContainsAny(k.doc, "|\n") || !strings.HasSuffix(k.doc, ".") {
			t.Errorf("%s: path must be lower case, doc a line that ends with a full stop and has no '|'", k.path)
		}
		if (k.def == "") != (k.example != "") {
			t.Errorf("%s needs a default or an example, not both", k.path)
		}
	}
}

// An example that would be refused is worse than none.
func TestExamplesAreAccepted(t *testing.T) {
	t.Parallel()
	for _, k := range keys(&Config{}) {
		for _, text := range []string{k.def, k.example} {
			if text == "" {
				continue
			}
			if problems := readText(k, text, map[string]origin{}); len(problems) > 0 {
				t.Errorf("%s: %v", k.path, problems)
			}
		}
	}
}

func TestRoleARN(t *testing.T) {
	t.Parallel()
	c := Default()
	got := c.AWS.Roles.ARN(resource.Scope{Partition: "aws-cn", Account: "111122223333"}, resource.ForExpire)
	if want := "arn:aws-cn:iam::111122223333:role/holdfast-expire"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
