package orgpolicy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// maxCharacters is how long a backup policy may be.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const maxCharacters = 10_000

// Policy is one policy document that Organizations would accept. It does not change, so
// that one Policy can be merged for many accounts at once.
type Policy struct {
	Name string // the file, or the policy's id
	root *element
	spec *spec // nil for policies of other types
}

// element is one object of a policy.
type element struct {
	name, folded string
	line         int
	setting      bool
	controls     *operators // nil when none are declared
	operations   []operation
	children     []*element
}

// operation is one operator with its values, already as strings.
type operation struct {
	operator operator
	list     bool
	values   []string
}

// Parse reads a backup policy with operators. Problems are what Organizations refuses
// when a policy is written; with any, the Policy is nil.
func Parse(f policy.File) (*Policy, policy.Result) { return parse(f, backupSchema) }

// ParseAny reads a policy of any type: only the operators are checked.
func ParseAny(f policy.File) (*Policy, policy.Result) { return parse(f, nil) }

func parse(f policy.File, schema *spec) (*Policy, policy.Result) {
	r := &report{file: f.Name}
	root := r.read(f)
	if root == nil {
		return nil, r.result()
	}
	if schema != nil {
		r.size(f.Data)
	}
	p := parser{report: r}
	element := p.container(root, schema, "", "")
	if schema != nil && root.Kind == strictjson.Object && !slices.ContainsFunc(root.Members, isPlans) {
		r.problem(root.Line, keyPlans, "plans is missing: a backup policy has this one key")
	}
	if len(r.problems) > 0 {
		return nil, r.result()
	}
	return &Policy{Name: f.Name, root: element, spec: schema}, r.result()
}

// isPlans also takes other spellings: they have been reported as unknown keys.
func isPlans(m strictjson.Member) bool { return strings.EqualFold(m.Key, keyPlans) }

// size compares the length with the limit, first without the white space consoles remove.
func (r *report) size(data []byte) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return // the strict reader has said what is wrong
	}
	switch least, most := utf8.RuneCount(compact.Bytes()), utf8.RuneCount(data); {
	case least > maxCharacters:
		r.problem(1, "", "the policy has %d characters even without white space, Organizations takes at most %d: split it", least, maxCharacters)
	case most > maxCharacters:
		r.warning(1, "", "the policy has %d characters, Organizations takes at most %d: remove white space before you upload it", most, maxCharacters)
	}
}

// parser turns JSON into elements and goes on after a mistake.
type parser struct{ *report }

// container reads an object that holds others. schema is nil where anything goes.
func (p *parser) container(node *strictjson.Node, schema *spec, name, path string) *element {
	e := &element{name: name, folded: strings.ToLower(name), line: node.Line}
	if node.Kind != strictjson.Object {
		p.problem(node.Line, path, "want an object, found %s%s", node.Describe(), withOperator(path, node))
		return e
	}
	for _, m := range node.Members {
		child := strictjson.Join(path, m.Key)
		switch {
		case m.Key == controlKey:
			e.controls = p.controls(m.Value, path)
		case strings.HasPrefix(m.Key, operatorMark):
			p.strayOperator(m, path)
		case schema == nil:
			e.children = append(e.children, p.free(m, child))
		default:
			if c := p.member(m, schema, child); c != nil {
				e.children = append(e.children, c)
			}
		}
	}
	if schema != nil && schema.notEmpty && len(node.Members) == 0 {
		p.problem(node.Line, path, "the object is empty: give it %s", keyCopyTarget)
	}
	return e
}

// withOperator adds the usual mend to a message about a value without an operator.
func withOperator(path string, node *strictjson.Node) string {
	if path == "" || node.Kind == strictjson.Object {
		return ""
	}
	return fmt.Sprintf(": a value stands under an operator, as in {%q: ...}", opAssign)
}

func (p *parser) strayOperator(m strictjson.Member, path string) {
	if _, known := operatorBits[operator(m.Key)]; known {
		p.problem(m.Line, path, "%s on a container: operators that set values belong to settings", m.Key)
		return
	}
	p.unknownOperator(m, path)
}

func (p *parser) unknownOperator(m strictjson.Member, path string) {
	p.problem(m.Line, path, "unknown operator %q: the operators are %s, %s, %s and %s", strictjson.Clip(m.Key), opAssign, opAppend, opRemove, controlKey)
}

// member reads one key of a container of a backup policy; nil when the key is not one.
func (p *parser) member(m strictjson.Member, schema *spec, path string) *element {
	child := schema.each
	if child != nil {
		p.judge(schema.name(m.Key), m.Line, path)
	} else if child = schema.fields[m.Key]; child == nil {
		p.unknownKey(m, schema, path)
		return nil
	}
	if child.setting {
		return p.settingOf(m, child, path)
	}
	return p.container(m.Value, child, m.Key, path)
}

// free reads one key of a policy of another type: an object with an operator that sets
// values is a setting.
func (p *parser) free(m strictjson.Member, path string) *element {
	for op := range operatorBits {
		if m.Value.Kind == strictjson.Object && m.Value.Member(string(op)) != nil {
			return p.settingOf(m, nil, path)
		}
	}
	return p.container(m.Value, nil, m.Key, path)
}

// settingOf reads an object of operators. schema is nil where any value goes.
func (p *parser) settingOf(m strictjson.Member, schema *spec, path string) *element {
	e := &element{name: m.Key, folded: strings.ToLower(m.Key), line: m.Line, setting: true}
	if m.Value.Kind != strictjson.Object {
		p.problem(m.Value.Line, path, "%s without an operator: write {%q: ...}", m.Value.Describe(), opAssign)
		return e
	}
	for _, o := range m.Value.Members {
		_, sets := operatorBits[operator(o.Key)]
		switch {
		case o.Key == controlKey:
			e.controls = p.controls(o.Value, path)
		case sets:
			p.operation(e, o, schema, path)
		case strings.HasPrefix(o.Key, operatorMark):
			p.unknownOperator(o, path)
		default:
			p.problem(o.Line, strictjson.Join(path, o.Key), "%s holds values, so it has no keys of its own: move %s one level up or remove it", strictjson.Clip(m.Key), strictjson.Clip(o.Key))
		}
	}
	p.mixed(e, path)
	return e
}

// mixed refuses lists and single values in one setting.
func (p *parser) mixed(e *element, path string) {
	single := false
	for _, o := range e.operations {
		single = single || o.operator == opAssign && !o.list
	}
	if single && len(e.operations) > 1 {
		p.problem(e.line, path, "%s and %s are for lists only; the assigned value is a single one", opAppend, opRemove)
	}
}

// operation reads the values of one operator.
func (p *parser) operation(e *element, m strictjson.Member, schema *spec, path string) {
	op := operation{operator: operator(m.Key), list: m.Value.Kind == strictjson.Array}
	single := schema != nil && !schema.list
	switch {
	case single && op.operator != opAssign:
		p.problem(m.Line, path, "%s on a setting of one value: only %s can set it", m.Key, opAssign)
		return
	case m.Value.Kind == strictjson.Object:
		p.problem(m.Line, path, "%s holds an object: want a value or a list of values", m.Key)
		return
	case single && op.list:
		p.problem(m.Line, path, "%s holds a list: want one value", m.Key)
		return
	case !op.list && (op.operator != opAssign || schema != nil && schema.list):
		p.problem(m.Line, path, "%s holds %s: want a list, as in [%q]", m.Key, m.Value.Describe(), strictjson.Clip(m.Value.Text))
		return
	}
	items := []*strictjson.Node{m.Value}
	if op.list {
		items = m.Value.Items
	}
	for _, item := range items {
		if !item.Scalar() {
			p.problem(item.Line, path, "%s holds %s inside the list: want values only", m.Key, item.Describe())
			continue
		}
		if schema != nil {
			p.judge(schema.value(item.Text), item.Line, path)
		}
		op.values = append(op.values, item.Text)
	}
	e.operations = append(e.operations, op)
}

// controls reads which operators lower levels may use.
func (p *parser) controls(node *strictjson.Node, path string) *operators {
	if node.Kind != strictjson.Array || len(node.Items) == 0 {
		p.problem(node.Line, path, "%s: want a list of %s, %s, %s, or %s or %s alone", controlKey, opAssign, opAppend, opRemove, allowAll, allowNone)
		return nil
	}
	var allowed operators
	seen := map[string]bool{}
	for _, item := range node.Items {
		bits, known := operatorBits[operator(item.Text)]
		switch {
		case item.Kind != strictjson.String || !known && item.Text != allowAll && item.Text != allowNone:
			p.problem(item.Line, path, "%s: unknown control %q: want %s, %s, %s, %s or %s", controlKey, strictjson.Clip(item.Text), opAssign, opAppend, opRemove, allowAll, allowNone)
		case seen[item.Text]:
			p.problem(item.Line, path, "%s: %s is given twice: remove one", controlKey, item.Text)
		case !known && len(node.Items) > 1:
			p.problem(item.Line, path, "%s: %s stands alone: remove the other controls", controlKey, item.Text)
		}
		if item.Text == allowAll {
			bits = mayAll
		}
		seen[item.Text] = true
		allowed |= bits
	}
	return &allowed
}
