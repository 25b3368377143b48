package cloud

import (
	"encoding/json"
	"reflect"
	"strings"
)

// View is what a service lends another one whose API is a part of its own, under an SDK
// of its own: its operations by name.
type View map[string]Operation

// ViewOf returns the operations of a service.
func ViewOf(s Service) View {
	v := View{}
	for _, op := range s.Definition().Operations {
		v[op.Name] = op
	}
	return v
}

// As returns the operation of v that has the name of the input type I, with input and
// output in the other SDK's types: fields go over by name, and what one side does not have
// is left out. check, unless nil, may refuse an input.
func As[I, O any](v View, check func(*I) error) Operation {
	op, known := v[strings.TrimSuffix(reflect.TypeFor[I]().Name(), "Input")]
	viewed := Op(Bucket{}, func(c *Call, in *I) (*O, error) {
		if !known {
			return nil, Errorf("InternalFailure", "no operation behind %T", in)
		}
		if check != nil {
			if err := check(in); err != nil {
				return nil, err
			}
		}
		input, output := op.NewInput(), new(O)
		if err := Retype(input, in); err != nil {
			return nil, err
		}
		out, err := op.run(c, input)
		if err != nil {
			return nil, err
		}
		return output, Retype(output, out)
	})
	viewed.Bucket = op.Bucket
	return viewed
}

// Retype copies by field names, through JSON: both sides are plain structs of an SDK.
func Retype(to, from any) error {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		return Errorf("InternalFailure", "turn %T into %T: %v", from, to, err)
	}
	return nil
}
