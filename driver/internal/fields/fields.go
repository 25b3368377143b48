// Package fields turns the structs of one AWS API into those of another that has fields of
// the same names: RDS's into Neptune's, the input of one restore into that of another.
package fields

import "reflect"

// Move copies what is set in the struct from points to into the struct to points to, by the
// names of fields, also inside of what they hold. It returns the name of the first field
// that is set and has no place in to, "" when all have.
func Move(to, from any) (lost string) {
	return move(reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem())
}

// move copies what is set in from into the fields, elements and targets of to, and
// returns the name of the first field that is set and has no place there.
func move(to, from reflect.Value) (lost string) {
	if from.IsZero() {
		return ""
	}
	if from.Type() == to.Type() {
		to.Set(from)
		return ""
	}
	if from.Kind() != to.Kind() {
		return to.Type().String()
	}
	switch from.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return move(to.Elem(), from.Elem())
	case reflect.Slice:
		to.Set(reflect.MakeSlice(to.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			lost = first(lost, move(to.Index(i), from.Index(i)))
		}
		return lost
	case reflect.Struct:
		return moveFields(to, from)
	case reflect.String:
		to.SetString(from.String()) // an enumeration of another package
		return ""
	default:
		return to.Type().String()
	}
}

func moveFields(to, from reflect.Value) (lost string) {
	for i := range from.NumField() {
		field := from.Type().Field(i)
		if !field.IsExported() || from.Field(i).IsZero() {
			continue
		}
		target := to.FieldByName(field.Name)
		if !target.IsValid() {
			lost = first(lost, field.Name)
			continue
		}
		lost = first(lost, move(target, from.Field(i)))
	}
	return lost
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
