package rdscluster

import (
	"context"
	"reflect"

	"holdfast/failure"
)

// Call makes a call of another service's SDK with input and output in RDS's types: fields
// go over by name. An input field that is set and that the other service does not have is
// an error of class internal, before the call; output fields RDS does not have are left out.
func Call[RO, RI, I, O, Options any](
	ctx context.Context, in *RI, call func(context.Context, *I, ...func(*Options)) (*O, error),
) (*RO, error) {
	input, output := new(I), new(RO)
	if lost := move(reflect.ValueOf(input).Elem(), reflect.ValueOf(in).Elem()); lost != "" {
		return nil, failure.Errorf(failure.Internal, "%T has no %s", *input, lost)
	}
	out, err := call(ctx, input)
	if err != nil {
		return nil, err
	}
	move(reflect.ValueOf(output).Elem(), reflect.ValueOf(out).Elem())
	return output, nil
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
