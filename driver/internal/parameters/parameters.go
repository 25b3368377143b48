// Package parameters resolves the parameters of a restore: what was recorded at backup
// time, overridden by what the user gave, every problem collected before any is reported.
package parameters

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// Values are the effective values of one restore. Its getters note a problem for a value
// that does not parse and return nil, so that one pass finds all of them.
type Values struct {
	kind     resource.Kind
	known    map[string]driver.Parameter
	values   map[string]string
	given    map[string]string
	problems []string
	moment   string // why the moment asked for cannot be restored
}

// Resolve merges overrides over recorded. An empty recorded value is no value. Unknown
// overrides and missing required parameters are noted as problems.
func Resolve(d driver.Descriptor, recorded, overrides map[string]string) *Values {
	v := &Values{
		kind: d.Kind, known: map[string]driver.Parameter{},
		values: map[string]string{}, given: overrides,
	}
	for _, p := range d.Restore {
		v.known[p.Name] = p
		if value := recorded[p.Name]; value != "" {
			v.values[p.Name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		if _, ok := v.known[name]; !ok {
			v.Problem("%s is not a parameter: use %s", name, strings.Join(slices.Sorted(maps.Keys(v.known)), ", "))
			continue
		}
		v.values[name] = overrides[name]
	}
	for _, p := range d.Restore {
		if p.Required && v.values[p.Name] == "" {
			v.Problem("%s is missing: %s", p.Name, p.Description)
		}
	}
	return v
}

// Problem notes one sentence that names a parameter; the same sentence only once, since
// a value may be read twice.
func (v *Values) Problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(v.problems, text) {
		v.problems = append(v.problems, text)
	}
}

// Given reports whether the user gave name.
func (v *Values) Given(name string) bool { _, ok := v.given[name]; return ok }

// Takes reports whether the restore has a parameter of a name.
func (v *Values) Takes(name string) bool { _, ok := v.known[name]; return ok }

// Drop removes a value that does not apply to this restore.
func (v *Values) Drop(name string) { delete(v.values, name) }

// DropLocal drops recorded values that mean nothing outside the source's own region and
// account, unless the user gave one. A group somebody chose on purpose needs a
// replacement: the default network is no place for a restored database.
func (v *Values) DropLocal(groups, others []string) {
	for _, name := range groups {
		text := v.values[name]
		if text == "" || v.Given(name) {
			continue
		}
		v.Drop(name)
		if text != "default" {
			v.Problem("%s is missing: the recorded %s is of another region or account", name, text)
		}
	}
	for _, name := range others {
		if !v.Given(name) {
			v.Drop(name)
		}
	}
}

// Default sets a value unless there is one.
func (v *Values) Default(name, value string) {
	if v.values[name] == "" && value != "" {
		v.values[name] = value
	}
}

// Text returns the value of name, "" when there is none.
func (v *Values) Text(name string) string { return v.values[name] }

// String returns the value of name, nil when there is none.
func (v *Values) String(name string) *string {
	if value := v.values[name]; value != "" {
		return &value
	}
	return nil
}

// List returns the comma-separated values of name, nil when there are none.
func (v *Values) List(name string) []string {
	var list []string
	for item := range strings.SplitSeq(v.values[name], ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// Bool returns the value of name, true or false; nil when there is none.
func (v *Values) Bool(name string) *bool {
	text, ok := v.values[name]
	if !ok || text == "" {
		return nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		v.Problem("%s is %q: want true or false", name, text)
		return nil
	}
	return &value
}

// Int32 returns the value of name, at least low; nil when there is none.
func (v *Values) Int32(name string, low int32) *int32 {
	text, ok := v.values[name]
	if !ok || text == "" {
		return nil
	}
	value, err := strconv.ParseInt(text, 10, 32)
	if err != nil || int32(value) < low {
		v.Problem("%s is %q: want a whole number of at least %d", name, text, low)
		return nil
	}
	return new(int32(value))
}

// Float64 returns the value of name, more than low; nil when there is none.
func (v *Values) Float64(name string, low float64) *float64 {
	text, ok := v.values[name]
	if !ok || text == "" {
		return nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value > low) || math.IsInf(value, 0) {
		v.Problem("%s is %q: want a number of more than %v", name, text, low)
		return nil
	}
	return &value
}

// OneOf notes a problem when name has a value outside allowed.
func (v *Values) OneOf(name string, allowed ...string) {
	if value := v.values[name]; value != "" && !slices.Contains(allowed, value) {
		v.Problem("%s is %q: use one of %s", name, value, strings.Join(allowed, ", "))
	}
}

// Plan returns the plan of one call of operation with input, or all problems as an error
// of class invalid that wraps a *driver.ParameterError.
func (v *Values) Plan(calls ...driver.Call) (driver.RestorePlan, error) {
	if err := v.Err(); err != nil {
		return driver.RestorePlan{}, err
	}
	return driver.RestorePlan{Parameters: maps.Clone(v.values), Calls: calls}, nil
}

// Err returns all problems as one error of class invalid, nil when there are none.
func (v *Values) Err() error {
	if len(v.problems) == 0 && v.moment == "" {
		return nil
	}
	return failure.Errorf(failure.Invalid, "%w", &driver.ParameterError{Kind: v.kind, Problems: v.problems, Moment: v.moment})
}

// Call describes one AWS call by operation (ec2:CreateVolume) and SDK input; fields that
// are not set are left out. Inputs are plain structs, so a failure to encode one is a bug.
func Call(operation string, input any) (driver.Call, error) {
	raw, err := json.Marshal(input)
	if err != nil {
		return driver.Call{}, failure.Errorf(failure.Internal, "describe %s: %w", operation, err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return driver.Call{}, failure.Errorf(failure.Internal, "describe %s: %w", operation, err)
	}
	raw, err = json.Marshal(prune(tree))
	if err != nil {
		return driver.Call{}, failure.Errorf(failure.Internal, "describe %s: %w", operation, err)
	}
	return driver.Call{Operation: operation, Input: raw}, nil
}

// prune drops nulls and empty strings, which the SDK's structs have for what is not set.
func prune(node any) any {
	switch node := node.(type) {
	case map[string]any:
		maps.DeleteFunc(node, func(_ string, value any) bool { return value == nil || value == "" })
		for key, value := range node {
			node[key] = prune(value)
		}
	case []any:
		for i := range node {
			node[i] = prune(node[i])
		}
	}
	return node
}
