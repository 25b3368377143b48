package cloud

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// FillIn sets the fields of an SDK input from the metadata of a restore job, where all
// values are texts and nested ones JSON. A name no field has, in whatever case, and a value
// that does not parse are refused; names in others belong to nobody here.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartRestoreJob.html
func FillIn(input any, metadata map[string]string, others ...string) error {
	target := reflect.ValueOf(input).Elem()
	known := map[string]bool{}
	for _, name := range others {
		known[name] = true
	}
	for name, text := range metadata {
		if known[name] {
			continue
		}
		field := target.FieldByNameFunc(func(f string) bool { return strings.EqualFold(f, name) })
		if !field.IsValid() || !field.CanSet() {
			return Errorf("InvalidParameterValueException", "the restore metadata %s are not known", name)
		}
		if err := setText(field, text); err != nil {
			return Errorf("InvalidParameterValueException", "the restore metadata %s have the value %q: %v", name, text, err)
		}
	}
	return nil
}

func setText(field reflect.Value, text string) error {
	kind := field.Type()
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	value := reflect.New(kind)
	switch kind.Kind() {
	case reflect.String:
		value.Elem().SetString(text)
	case reflect.Bool:
		on, err := strconv.ParseBool(text)
		if err != nil {
			return err
		}
		value.Elem().SetBool(on)
	case reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		value.Elem().SetInt(n)
	default:
		if err := json.Unmarshal([]byte(text), value.Interface()); err != nil {
			return err
		}
	}
	if field.Kind() == reflect.Pointer {
		field.Set(value)
	} else {
		field.Set(value.Elem())
	}
	return nil
}
