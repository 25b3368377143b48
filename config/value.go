package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shape is how a value is written in YAML.
type shape int

const (
	scalarShape shape = iota
	listShape
	mapShape
	recordShape // a list of mappings
)

// maxItems bounds lists and maps: larger than any organization has accounts by default
// (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html).
const maxItems = 10_000

// item is one scalar as written: a value, a list element, or a map entry with its key.
type item struct {
	key, text string
	line      int
}

// fault says that the item at index is not acceptable and why.
type fault struct {
	index   int
	message string
}

// value is one setting bound to its field in a Config.
type value interface {
	typeName() string
	shape() shape
	// set stores items in the field. On faults the field keeps what it had.
	set(items []item) []fault
	// text gives the value as an environment variable would, secrets redacted.
	text() string
	// encoded gives the value for JSON and YAML, secrets redacted.
	encoded() any
}

// scalar is a single value of type T.
type scalar[T any] struct {
	field *T
	name  string
	parse func(string) (T, error)
}

func (s scalar[T]) typeName() string { return s.name }
func (s scalar[T]) shape() shape     { return scalarShape }
func (s scalar[T]) text() string     { return fmt.Sprint(s.encoded()) }

func (s scalar[T]) encoded() any {
	if d, ok := any(*s.field).(time.Duration); ok {
		return formatDuration(d)
	}
	return *s.field
}

// formatDuration writes a duration the way people do: 1h, not 1h0m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (s scalar[T]) set(items []item) []fault {
	v, err := s.parse(items[0].text)
	if err != nil {
		return []fault{{0, err.Error()}}
	}
	*s.field = v
	return nil
}

// list is a list of values of one type, without duplicates.
type list[T ~string] struct {
	field *[]T
	name  string
	parse func(string) (T, error)
}

func (l list[T]) typeName() string { return "list of " + l.name }
func (l list[T]) shape() shape     { return listShape }
func (l list[T]) encoded() any     { return append([]T{}, *l.field...) }

func (l list[T]) text() string {
	words := make([]string, 0, len(*l.field))
	for _, v := range *l.field {
		words = append(words, string(v))
	}
	return strings.Join(words, ",")
}

func (l list[T]) set(items []item) (faults []fault) {
	values := make([]T, 0, len(items))
	seen := make(map[T]bool, len(items))
	for i, it := range items {
		v, err := l.parse(it.text)
		switch {
		case err != nil:
			faults = append(faults, fault{i, err.Error()})
		case seen[v]:
			faults = append(faults, fault{i, fmt.Sprintf("%q is in the list twice: remove one", v)})
		}
		seen[v] = true
		values = append(values, v)
	}
	if len(faults) == 0 {
		*l.field = values
	}
	return faults
}

// weights maps names of a closed list to positive weights.
type weights struct {
	field *map[string]int
	names []string
	max   int
}

func (w weights) typeName() string { return "map of name to weight" }
func (w weights) shape() shape     { return mapShape }
func (w weights) encoded() any     { return *w.field }

func (w weights) text() string {
	pairs := make([]string, 0, len(*w.field))
	for name, weight := range *w.field {
		pairs = append(pairs, fmt.Sprintf("%s=%d", name, weight))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}

func (w weights) set(items []item) (faults []fault) {
	values := make(map[string]int, len(items))
	for i, it := range items {
		weight, err := parseInt(it.text, 1, w.max)
		if err == nil {
			err = w.checkName(it.key, values)
		}
		if err != nil {
			faults = append(faults, fault{i, err.Error()})
		}
		values[it.key] = weight
	}
	if len(faults) == 0 {
		*w.field = values
	}
	return faults
}

func (w weights) checkName(name string, taken map[string]int) error {
	if _, twice := taken[name]; twice {
		return fmt.Errorf("%q is given twice: remove one", name)
	}
	if !slices.Contains(w.names, name) {
		return fmt.Errorf("unknown name %q: use %s", name, strings.Join(w.names, ", "))
	}
	return nil
}

func text(field *string, check func(string) error) value {
	return scalar[string]{field: field, name: "string", parse: checked[string](check)}
}

func secret(field *Secret, check func(string) error) value {
	return scalar[Secret]{field: field, name: "secret", parse: checked[Secret](check)}
}

func texts(field *[]string, name string, check func(string) error) value {
	return list[string]{field: field, name: name, parse: checked[string](check)}
}

// checked turns a check of the text into a parser.
func checked[T ~string](check func(string) error) func(string) (T, error) {
	return func(s string) (T, error) {
		if err := checkText(s); err != nil {
			return "", err
		}
		return T(s), check(s)
	}
}

func choice(field *string, options ...string) value {
	return scalar[string]{field: field, name: strings.Join(options, " \\| "), parse: func(s string) (string, error) {
		if !slices.Contains(options, s) {
			return "", fmt.Errorf("%q is not one of %s", s, strings.Join(options, ", "))
		}
		return s, nil
	}}
}

func boolean(field *bool) value {
	return scalar[bool]{field: field, name: "true \\| false", parse: func(s string) (bool, error) {
		if s != "true" && s != "false" {
			return false, fmt.Errorf("%q is not true or false", s)
		}
		return s == "true", nil
	}}
}

func integer(field *int, lowest, highest int) value {
	name := fmt.Sprintf("integer %d to %d", lowest, highest)
	return scalar[int]{field: field, name: name, parse: func(s string) (int, error) {
		return parseInt(s, lowest, highest)
	}}
}

func parseInt(s string, lowest, highest int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < lowest || n > highest {
		return 0, fmt.Errorf("%q is not a whole number from %d to %d", s, lowest, highest)
	}
	return n, nil
}

func fraction(field *float64, lowest, highest float64) value {
	name := fmt.Sprintf("number %g to %g", lowest, highest)
	return scalar[float64]{field: field, name: name, parse: func(s string) (float64, error) {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || !(n >= lowest && n <= highest) {
			return 0, fmt.Errorf("%q is not a number from %g to %g", s, lowest, highest)
		}
		return n, nil
	}}
}

func duration(field *time.Duration, lowest, highest time.Duration) value {
	name := fmt.Sprintf("duration %s to %s", formatDuration(lowest), formatDuration(highest))
	return scalar[time.Duration]{field: field, name: name, parse: func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%q is not a duration: write it like 90s, 10m or 1h30m", s)
		case d < lowest || d > highest:
			return 0, fmt.Errorf("%s is out of range: use %s to %s", s, formatDuration(lowest), formatDuration(highest))
		}
		return d, nil
	}}
}

// maxText is the longest scalar, in bytes; the longest meaningful one is an ARN or DSN.
const maxText = 4096

var errControl = errors.New("has a control character: remove it")

// checkText refuses what no key can mean.
func checkText(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("is longer than %d bytes", maxText)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errControl
	}
	return nil
}
