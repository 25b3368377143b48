package orgpolicy

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/policy/strictjson"
)

// MaxAttached is how many backup policies can be attached to one root, organizational
// unit or account.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const MaxAttached = 10

// Level is what is attached to the root, to one organizational unit, or to the account,
// in order of attachment.
type Level struct {
	Name     string // for provenance, e.g. the id of the target
	Policies []*Policy
}

// Merge computes the effective policy of an account from the levels above it, root first,
// and its own. It does not change the policies. The result is not checked: see Check.
func Merge(levels []Level) *Effective {
	m := merger{root: &node{born: -1, allowed: mayAll}}
	for i, level := range levels {
		m.level, m.name = i, level.Name
		m.touched = m.touched[:0]
		for _, p := range level.Policies {
			m.policy = p.Name
			m.visit(m.root, p.root, "")
		}
		for _, n := range m.touched {
			m.settle(n)
		}
	}
	return &Effective{root: m.root, ignored: m.ignored}
}

// node is one place of the merged document.
type node struct {
	name, folded string
	born         int // the level that added it
	children     []*node

	// allowed is what levels below may do; narrowed names the policies that said so.
	allowed  operators
	narrowed []string

	setting bool
	set     bool // a value, perhaps an empty list, is in force
	list    bool
	values  []string
	line    int // where the value stands, for documents that were not merged
	steps   []Step

	// What policies of the level at hand ask for.
	pending    []pending
	controls   *operators
	controlsBy []string
	touched    bool
}

// pending is an operation that is allowed and waits for the others of its level.
type pending struct {
	operation
	policy string
	line   int
}

func (n *node) child(folded string) *node {
	for _, c := range n.children {
		if c.folded == folded {
			return c
		}
	}
	return nil
}

// merger walks the policies of one level after the other.
type merger struct {
	root    *node
	level   int
	name    string // of the level
	policy  string
	touched []*node
	ignored []Ignored
}

// visit lays one object of a policy over its place in the document. Only what higher
// levels allowed counts: the controls of a level bind those below it, never itself.
func (m *merger) visit(n *node, e *element, path string) {
	m.touch(n)
	if e.controls != nil {
		allowed := *e.controls
		if n.controls != nil {
			allowed &= *n.controls
		}
		n.controls = &allowed
		n.controlsBy = append(n.controlsBy, m.policy)
	}
	for _, c := range e.children {
		childPath := strictjson.Join(path, c.name)
		child := n.child(c.folded)
		if child == nil {
			if n.born < m.level && !n.allowed.allow(opAppend) {
				m.ignore(childPath, c, fmt.Sprintf("no key may be added to %s: %s", orRoot(path), n.whoNarrowed()))
				continue
			}
			child = &node{name: c.name, folded: c.folded, born: m.level, allowed: mayAll, setting: c.setting}
			n.children = append(n.children, child)
		}
		if !m.sameKind(child, c, childPath) {
			continue
		}
		m.visit(child, c, childPath)
		m.operations(child, c)
	}
}

func orRoot(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}

func (m *merger) touch(n *node) {
	if !n.touched {
		n.touched = true
		m.touched = append(m.touched, n)
	}
}

// sameKind keeps a place either a setting or a container, whichever was there first. In
// backup policies the syntax sees to it.
func (m *merger) sameKind(n *node, e *element, path string) bool {
	empty := len(n.children) == 0 && !n.setting
	if e.setting && empty {
		n.setting = true
	}
	if len(e.children) > 0 && n.setting {
		m.ignore(path, e, "the place holds a value, not an object")
		return false
	}
	if e.setting && !n.setting {
		m.ignore(path, e, "the place holds an object, not a value")
		return false
	}
	return true
}

// operations notes which operators of a setting take part in this level.
func (m *merger) operations(n *node, e *element) {
	for _, o := range e.operations {
		if n.born < m.level && !n.allowed.allow(o.operator) {
			n.steps = append(n.steps, m.step(o, m.policy, e.line, fmt.Sprintf("%s is not allowed here: %s", o.operator, n.whoNarrowed())))
			continue
		}
		n.pending = append(n.pending, pending{operation: o, policy: m.policy, line: e.line})
	}
}

func (n *node) whoNarrowed() string {
	return fmt.Sprintf("higher levels allow %s (%s)", n.allowed, strings.Join(n.narrowed, ", "))
}

// settle ends a level for one place: the first assignment, then everything that is
// appended, then everything that is removed, whatever the order of attachment; then the
// controls of the level narrow what lower ones may do.
func (m *merger) settle(n *node) {
	for _, op := range []operator{opAssign, opAppend, opRemove} {
		for _, p := range n.pending {
			if p.operator == op {
				n.steps = append(n.steps, m.apply(n, p))
			}
		}
	}
	if n.controls != nil {
		n.allowed &= *n.controls
		n.narrowed = append(n.narrowed, n.controlsBy...)
	}
	n.pending, n.controls, n.controlsBy, n.touched = nil, nil, nil, false
}

// apply carries out one operation and tells what became of it.
func (m *merger) apply(n *node, p pending) Step {
	reason := ""
	switch {
	case p.operator == opAssign && slices.ContainsFunc(n.steps, m.assignedHere):
		reason = "another policy of this level, attached earlier, assigns a value"
	case p.operator != opAssign && n.set && !n.list:
		reason = "the value is a single one, not a list"
	case p.operator == opRemove && !n.set:
		reason = "there is no value to remove from"
	default:
		n.set, n.list, n.values = true, p.list, calculate(p.operation, n.values)
	}
	return m.step(p.operation, p.policy, p.line, reason)
}

func (m *merger) assignedHere(s Step) bool {
	return s.Operator == string(opAssign) && s.Applied && s.Level == m.level+1
}

func (m *merger) step(o operation, policyName string, line int, reason string) Step {
	return Step{
		Level: m.level + 1, LevelName: m.name, Policy: policyName, Line: line,
		Operator: string(o.operator), Value: Value{List: o.list, Items: o.values}, Applied: reason == "", Reason: reason,
	}
}

// ignore notes a part of a policy that has no effect at all.
func (m *merger) ignore(path string, e *element, reason string) {
	m.ignored = append(m.ignored, Ignored{Path: path, Level: m.level + 1, LevelName: m.name, Policy: m.policy, Line: e.line, Reason: reason})
}

// calculate returns the values after an operation on the inherited ones. Doubles fold.
func calculate(o operation, inherited []string) []string {
	switch o.operator {
	case opAssign:
		if !o.list {
			return o.values
		}
		return union(nil, o.values)
	case opAppend:
		return union(inherited, o.values)
	default:
		return slices.DeleteFunc(slices.Clone(inherited), func(v string) bool { return slices.Contains(o.values, v) })
	}
}

// union appends what is not there yet, in a list of its own.
func union(values, more []string) []string {
	all := make([]string, len(values), len(values)+len(more))
	copy(all, values)
	for _, v := range more {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}
