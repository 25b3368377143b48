package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Env     string `json:"env,omitempty"`  // the environment variable it came from
	Path    string `json:"path,omitempty"` // redis.mode, aws.accounts.ids[2]
	Message string `json:"message"`        // what is wrong and how to mend it
}

// String gives the problem on one line: where, which key, what.
func (p Problem) String() string {
	var parts []string
	switch {
	case p.Env != "":
		parts = append(parts, "env "+p.Env)
	case p.File != "" && p.Line > 0:
		parts = append(parts, fmt.Sprintf("%s:%d", p.File, p.Line))
	case p.File != "":
		parts = append(parts, p.File)
	}
	if p.Path != "" {
		parts = append(parts, p.Path)
	}
	return strings.Join(append(parts, p.Message), ": ")
}

// Error is everything wrong with a configuration, in the order of the file. Commands
// exit with 2 when they get one.
type Error struct {
	Problems []Problem
}

// Error lists the problems, one a line.
func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return "configuration: " + e.Problems[0].String()
	}
	lines := make([]string, 0, len(e.Problems)+1)
	lines = append(lines, fmt.Sprintf("configuration has %d problems:", len(e.Problems)))
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

// asError sorts problems by place and wraps them; nil when there are none.
func asError(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Env, b.Env), cmp.Compare(a.Line, b.Line))
	})
	return &Error{Problems: problems}
}

// origin is where a value came from.
type origin struct {
	file  string
	line  int
	env   string
	label string // a command-line flag or another place named by Set
}

// String spells an origin as `config print` shows it.
func (o origin) String() string {
	switch {
	case o.env != "":
		return "env " + o.env
	case o.line > 0:
		return fmt.Sprintf("%s:%d", o.file, o.line)
	case o.label != "":
		return o.label
	default:
		return "default"
	}
}

// problem places message at the origin.
func (o origin) problem(path, message string) Problem {
	return Problem{File: o.file, Line: o.line, Env: o.env, Path: path, Message: message}
}
