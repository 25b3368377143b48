package operator

import (
	"fmt"
	"strings"

	"holdfast/failure"
)

// Problem is one thing wrong with a request. Field is the JSON name of what it is about;
// empty when it is about the request as a whole.
type Problem struct {
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// Refusal is everything wrong with a request. Nothing was changed.
type Refusal struct{ Problems []Problem }

// Error joins the problems.
func (r *Refusal) Error() string {
	texts := make([]string, len(r.Problems))
	for i, p := range r.Problems {
		texts[i] = strings.TrimPrefix(p.Field+": "+p.Message, ": ")
	}
	return strings.Join(texts, "; ")
}

// problems gathers what is wrong, so that all of it is told at once.
type problems []Problem

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, Problem{field, fmt.Sprintf(format, args...)})
}

// err returns what was found, nil when nothing was.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &failure.Error{Class: failure.Invalid, Err: &Refusal{p}}
}

// refuse is a refusal with one problem.
func refuse(field, format string, args ...any) error {
	var p problems
	p.add(field, format, args...)
	return p.err()
}

// joined lists names in a message.
func joined[T ~string](values []T) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}
