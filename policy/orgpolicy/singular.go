package orgpolicy

import (
	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// Alone returns the effective policy of one policy that nothing is merged with. Problems
// are what only has a meaning for other levels: controls, and operators other than
// @@assign. Formats without inheritance cannot express them.
func (p *Policy) Alone() (*Effective, []policy.Problem) {
	r := &report{file: p.Name}
	r.inheritance(p.root, "")
	if len(r.problems) > 0 {
		return nil, r.result().Problems
	}
	return Merge([]Level{{Policies: []*Policy{p}}}), nil
}

func (r *report) inheritance(e *element, path string) {
	const mend = "merge the policies first, as in: holdfast policy effective --level FILE"
	if e.controls != nil {
		r.problem(e.line, path, "%s is about policies of lower levels and has no counterpart: remove it, or %s", controlKey, mend)
	}
	for _, o := range e.operations {
		if o.operator != opAssign {
			r.problem(e.line, path, "%s changes what is inherited and has no counterpart: %s", o.operator, mend)
		}
	}
	for _, c := range e.children {
		r.inheritance(c, strictjson.Join(path, c.name))
	}
}
