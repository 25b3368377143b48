package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxProblems is how many problems, and how many warnings, are listed for one file and
// for one Compile; the rest is counted.
const maxProblems = 500

// Result is everything Compile has to say about its files, ordered by file and line.
type Result struct {
	Problems []Problem `json:"problems"`
	Warnings []Problem `json:"warnings"`
}

// String gives file:line: path: message, leaving out what is unknown.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// report collects the problems and warnings of one file and knows on which line each
// path stands.
type report struct {
	file     string
	lines    map[string]int
	muted    map[string]bool // paths that need no further problem
	problems []Problem
	warnings []Problem
	unlisted int // problems beyond maxProblems
}

func newReport(file string) *report {
	return &report{file: file, lines: map[string]int{}, muted: map[string]bool{}}
}

// mute drops later problems at path and below it.
func (r *report) mute(path string) { r.muted[path] = true }

// unreadable adds a problem and mutes its path: what could not be read would only be
// reported again for what it lacks.
func (r *report) unreadable(line int, path, format string, args ...any) {
	r.problemAt(line, path, format, args...)
	if path != "" {
		r.mute(path)
	}
}

// lost reports whether something at path or below it could not be read.
func (r *report) lost(path string) bool {
	for muted := range r.muted {
		if rest, ok := strings.CutPrefix(muted, path); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// problem adds a problem at path.
func (r *report) problem(path, format string, args ...any) {
	r.problemAt(r.line(path), path, format, args...)
}

func (r *report) problemAt(line int, path, format string, args ...any) {
	for at := path; at != ""; at = parent(at) {
		if r.muted[at] {
			return
		}
	}
	if len(r.problems) == maxProblems {
		r.unlisted++
		return
	}
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (r *report) warning(path, format string, args ...any) {
	if len(r.warnings) > maxProblems { // one more than gather lists, so that it says so
		return
	}
	r.warnings = append(r.warnings, Problem{File: r.file, Line: r.line(path), Path: path, Message: fmt.Sprintf(format, args...)})
}

// line returns the line of path or of the nearest thing around it; 0 when nothing is known.
func (r *report) line(path string) int {
	for ; path != ""; path = parent(path) {
		if line, ok := r.lines[path]; ok {
			return line
		}
	}
	return r.lines[""]
}

// parent cuts the last key or index off a path.
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// gather puts the reports of all files into one result.
func gather(reports []*report) Result {
	var result Result
	unlisted := 0
	for _, r := range reports {
		unlisted += r.unlisted
		result.Problems = append(result.Problems, ordered(r.problems)...)
		result.Warnings = append(result.Warnings, ordered(r.warnings)...)
	}
	result.Problems = capped(result.Problems, unlisted, "problems")
	result.Warnings = capped(result.Warnings, 0, "warnings")
	return result
}

func ordered(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return problems
}

// capped cuts the list and says how many are missing, counting those never listed.
func capped(problems []Problem, unlisted int, what string) []Problem {
	listed := problems[:min(len(problems), maxProblems)]
	if missing := len(problems) - len(listed) + unlisted; missing > 0 {
		listed = append(slices.Clip(listed), Problem{Message: fmt.Sprintf("and %d more %s", missing, what)})
	}
	return listed
}
