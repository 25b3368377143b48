package dashboard

import (
	"fmt"
	"html/template"
	"reflect"
	"time"

	"holdfast/catalog"
	"holdfast/web/frame"
)

// functions are what the templates of this package may call beside the frame's.
var functions = template.FuncMap{"field": newField, "choice": newChoice, "took": took}

// field is an input of a filter.
type field struct{ Name, Label, Value, Hint, Class, Wrong string }

func newField(name, label string, f *filter, hint, class string) field {
	return field{name, label, f.Value(name), hint, class, f.Wrong[name]}
}

// choice is a select of a filter.
type choice struct {
	Name, Label, Wrong string
	Options            []option
	// Others are further values of an address somebody wrote or followed.
	Others []string
}

type option struct {
	Value  string
	Chosen bool
}

// newChoice takes any slice of strings.
func newChoice(name, label string, f *filter, values any) (choice, error) {
	list := reflect.ValueOf(values)
	if list.Kind() != reflect.Slice {
		return choice{}, fmt.Errorf("choice %s: %T is no slice", name, values)
	}
	c := choice{Name: name, Label: label, Wrong: f.Wrong[name]}
	chosen := false
	for i := range list.Len() {
		value := list.Index(i).String()
		is := f.Has(name, value)
		if is && chosen {
			c.Others = append(c.Others, value)
		}
		c.Options = append(c.Options, option{value, is && !chosen})
		chosen = chosen || is
	}
	return c, nil
}

// took writes how long AWS worked on a job, or has been.
func took(j catalog.Job, now time.Time) string {
	switch {
	case j.StartedAt.IsZero():
		return "–"
	case j.EndedAt.IsZero():
		return frame.Duration(now.Sub(j.StartedAt))
	default:
		return frame.Duration(j.EndedAt.Sub(j.StartedAt))
	}
}
