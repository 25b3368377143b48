package orgpolicy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// maxListed is how many problems, and how many warnings, are listed for one document.
const maxListed = 500

// report collects what there is to say about one document.
type report struct {
	file               string
	problems, warnings []policy.Problem
	unlisted           int
}

func (r *report) problem(line int, path, format string, args ...any) {
	if len(r.problems) == maxListed {
		r.unlisted++
		return
	}
	r.problems = append(r.problems, policy.Problem{File: r.file, Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (r *report) warning(line int, path, format string, args ...any) {
	if len(r.warnings) < maxListed {
		r.warnings = append(r.warnings, policy.Problem{File: r.file, Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

func (r *report) judge(v verdict, line int, path string) {
	switch {
	case v.problem != "":
		r.problem(line, path, "%s", v.problem)
	case v.warning != "":
		r.warning(line, path, "%s", v.warning)
	}
}

// read parses the JSON; nil when no object came out.
func (r *report) read(f policy.File) *strictjson.Node {
	root, faults := strictjson.Parse(f.Data)
	for _, fault := range faults {
		r.problem(fault.Line, fault.Path, "%s", fault.Message)
	}
	return root
}

// unknownKey names the nearest known key, or all of them.
func (r *report) unknownKey(m strictjson.Member, schema *spec, path string) {
	names := slices.Sorted(maps.Keys(schema.fields))
	if near, ok := policy.Suggest(m.Key, names); ok {
		r.problem(m.Line, path, "unknown key %q: did you mean %s?", strictjson.Clip(m.Key), near)
		return
	}
	r.problem(m.Line, path, "unknown key %q: the keys here are %s", strictjson.Clip(m.Key), strings.Join(names, ", "))
}

// result orders everything by line.
func (r *report) result() policy.Result {
	byLine := func(a, b policy.Problem) int { return cmp.Compare(a.Line, b.Line) }
	slices.SortStableFunc(r.problems, byLine)
	slices.SortStableFunc(r.warnings, byLine)
	if r.unlisted > 0 {
		r.problems = append(r.problems, policy.Problem{File: r.file, Message: fmt.Sprintf("and %d more problems", r.unlisted)})
	}
	return policy.Result{Problems: r.problems, Warnings: r.warnings}
}
