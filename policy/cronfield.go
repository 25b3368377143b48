package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fieldSpec says what one cron field may hold.
type fieldSpec struct {
	name     string
	min, max int
	base     int      // value of bit 0 in the set; only years do not start at 0
	names    []string // names[i] is the value min+i
	noWrap   bool     // ranges may not run past the maximum
}

var (
	minuteField     = fieldSpec{name: "minute", min: 0, max: 59}
	hourField       = fieldSpec{name: "hour", min: 0, max: 23}
	dayOfMonthField = fieldSpec{name: "day-of-month", min: 1, max: 31}
	monthField      = fieldSpec{name: "month", min: 1, max: 12, names: []string{
		"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
	}}
	dayOfWeekField = fieldSpec{name: "day-of-week", min: 1, max: 7, names: []string{
		"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT",
	}}
	yearField = fieldSpec{name: "year", min: minYear, max: maxYear, base: minYear, noWrap: true}
)

// valueSet has a bit per value of a field; 230 years need the four words.
type valueSet [4]uint64

func (s *valueSet) add(bit int) { s[bit/64] |= 1 << (bit % 64) }

func (s *valueSet) has(bit int) bool {
	return bit >= 0 && bit < 256 && s[bit/64]>>(bit%64)&1 == 1
}

// parseField reads a whole field of plain values: lists, ranges, steps and names.
func parseField(text string, spec fieldSpec) (set valueSet, warnings []string, err error) {
	if text == "*" {
		addRange(&set, spec, spec.min, spec.max, 1)
		return set, nil, nil
	}
	for item := range strings.SplitSeq(text, ",") {
		warned, err := parseItem(&set, item, spec)
		if err != nil {
			return valueSet{}, nil, err
		}
		warnings = append(warnings, warned...)
	}
	return set, warnings, nil
}

// parseItem adds one element of a list: a, a-b, a/n, a-b/n or */n.
func parseItem(set *valueSet, item string, spec fieldSpec) (warnings []string, err error) {
	body, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		if step, err = parseNumber(stepText); err != nil || step < 1 {
			return nil, fmt.Errorf("step %q: want a whole number of at least 1", stepText)
		}
		if span := spec.max - spec.min; step > span {
			warnings = append(warnings, fmt.Sprintf("%s field: step %d is longer than the field, only the first value is ever taken", spec.name, step))
		}
	}
	first, last, err := parseBounds(body, stepped, spec)
	if err != nil {
		return nil, err
	}
	addRange(set, spec, first, last, step)
	return warnings, nil
}

// parseBounds reads what stands before the step.
func parseBounds(body string, stepped bool, spec fieldSpec) (first, last int, err error) {
	firstText, lastText, ranged := strings.Cut(body, "-")
	switch {
	case body == "*" && stepped:
		return spec.min, spec.max, nil
	case body == "*":
		return 0, 0, errors.New("* cannot be part of a list")
	case body == "?":
		return 0, 0, errors.New("? stands alone, in one of the two day fields")
	}
	if first, err = spec.value(firstText); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		last, err = spec.value(lastText)
	case stepped:
		last = spec.max
	default:
		last = first
	}
	if err == nil && last < first && spec.noWrap {
		err = fmt.Errorf("range %s ends before it begins", body)
	}
	return first, last, err
}

// addRange adds first, first+step, ... up to last, past the maximum when last < first.
func addRange(set *valueSet, spec fieldSpec, first, last, step int) {
	size := spec.max - spec.min + 1
	if last < first {
		last += size
	}
	for v := first; v <= last; v += step {
		wrapped := v
		if wrapped > spec.max {
			wrapped -= size
		}
		set.add(wrapped - spec.base)
	}
}

// value reads a number or name of the field.
func (f fieldSpec) value(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, nil
		}
	}
	n, err := parseNumber(text)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%q is not %s", text, f.allowed())
	}
	return n, nil
}

func (f fieldSpec) allowed() string {
	numbers := fmt.Sprintf("a number from %d to %d", f.min, f.max)
	if len(f.names) == 0 {
		return numbers
	}
	return fmt.Sprintf("%s or a name from %s to %s", numbers, f.names[0], f.names[len(f.names)-1])
}

// parseNumber reads one to four digits and nothing else: strconv alone takes signs.
func parseNumber(text string) (int, error) {
	if text == "" || len(text) > 4 || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return strconv.Atoi(text)
}
