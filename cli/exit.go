package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"holdfast/config"
	"holdfast/policy"
	"holdfast/policy/format"
)

// The exit codes.
const (
	codeDone      = 0
	codeFailed    = 1
	codeBadInput  = 2
	codeAttention = 3
)

// exitError is an error with an exit code. Problems, when there are any, are printed one
// by one instead of the message.
type exitError struct {
	code     int
	err      error
	problems []problem
	silent   bool // the command has printed everything there is to say
}

// problem is one line of bad input.
type problem struct {
	Kind    string `json:"kind"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

func (p problem) String() string {
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
	return b.String() + p.Message
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// badInput is an error of the user's: exit code 2, nothing was changed.
func badInput(format string, args ...any) error {
	return &exitError{code: codeBadInput, err: fmt.Errorf(format, args...)}
}

// policyProblems is bad input found in Holdfast's own policy files.
func policyProblems(found []policy.Problem) error { return problemsOf(format.KindInvalid, found) }

// problemsOf is bad input of one kind found in policy documents.
func problemsOf(kind string, found []policy.Problem) error { return refusal(problemList(kind, found)) }

func problemList(kind string, found []policy.Problem) (list []problem) {
	for _, p := range found {
		list = append(list, problem{Kind: kind, File: p.File, Line: p.Line, Path: p.Path, Message: p.Message})
	}
	return list
}

// refusal is bad input found in policy documents.
func refusal(problems []problem) error {
	return &exitError{code: codeBadInput, err: errors.New("the policy has problems"), problems: problems}
}

// exitOf returns the code and the problems of err.
func exitOf(err error) (int, []problem) {
	var exit *exitError
	var invalid *config.Error
	switch {
	case err == nil:
		return codeDone, nil
	case errors.As(err, &exit):
		return exit.code, exit.problems
	case errors.Is(err, context.Canceled): // what runs until it is told to stop
		return codeDone, nil
	case errors.As(err, &invalid):
		var problems []problem
		for _, p := range invalid.Problems {
			file := p.File
			if p.Env != "" {
				file = "env " + p.Env
			}
			problems = append(problems, problem{Kind: "invalid_config", File: file, Line: p.Line, Path: p.Path, Message: p.Message})
		}
		return codeBadInput, problems
	default:
		return codeFailed, nil
	}
}

// conclude prints err once, in the shape asked for, and returns the exit code.
func conclude(env Env, err error) int {
	code, problems := exitOf(err)
	var exit *exitError
	if code == codeDone || (errors.As(err, &exit) && exit.silent) {
		return code
	}
	if len(problems) == 0 {
		problems = []problem{{Kind: kindOf(code), Message: err.Error()}}
	}
	if wantsJSON(env.Args) {
		encoder := json.NewEncoder(env.Stdout)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(map[string]any{"errors": problems})
		return code
	}
	for _, p := range problems {
		fmt.Fprintf(env.Stderr, "holdfast: %s\n", p)
	}
	return code
}

func kindOf(code int) string {
	switch code {
	case codeBadInput:
		return "bad_input"
	case codeAttention:
		return "attention"
	default:
		return "failed"
	}
}

// wantsJSON reports whether the arguments ask for JSON: an error may come before any
// flag is parsed.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		name, value, inline := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || (name != "output" && name != "o") {
			continue
		}
		if inline && value == "json" || !inline && i+1 < len(args) && args[i+1] == "json" {
			return true
		}
	}
	return false
}
