package orgpolicy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// Effective is an effective policy: the document without operators.
type Effective struct {
	name    string // of the file, when it was read and not merged
	root    *node
	ignored []Ignored
}

// visible reports whether anything of n is printed: a container without values vanishes.
func (n *node) visible() bool {
	if n.setting {
		return n.set
	}
	for _, c := range n.children {
		if c.visible() {
			return true
		}
	}
	return false
}

// Empty reports whether the document holds nothing.
func (e *Effective) Empty() bool { return !e.root.visible() }

// JSON writes the document in Organizations' shape, keys in the order they were first
// seen.
func (e *Effective) JSON() []byte {
	var b bytes.Buffer
	e.root.write(&b, "")
	b.WriteByte('\n')
	return b.Bytes()
}

// MarshalJSON lets an effective policy be part of another document.
func (e *Effective) MarshalJSON() ([]byte, error) { return e.JSON(), nil }

const indent = "  "

func (n *node) write(b *bytes.Buffer, margin string) {
	if n.setting {
		n.writeValue(b)
		return
	}
	b.WriteByte('{')
	separator := "\n"
	for _, c := range n.children {
		if !c.visible() {
			continue
		}
		b.WriteString(separator + margin + indent + quoted(c.name) + ": ")
		c.write(b, margin+indent)
		separator = ",\n"
	}
	if separator != "\n" {
		b.WriteString("\n" + margin)
	}
	b.WriteByte('}')
}

func (n *node) writeValue(b *bytes.Buffer) {
	if !n.list {
		b.WriteString(quoted(n.values[0]))
		return
	}
	items := make([]string, len(n.values))
	for i, v := range n.values {
		items[i] = quoted(v)
	}
	b.WriteString("[" + strings.Join(items, ", ") + "]")
}

// quoted writes a JSON string and leaves <, > and & as they are.
func quoted(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// The variables of a backup policy. They stand in ARNs only.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
const (
	accountVariable = policy.AccountVariable
	regionVariable  = "$region"
)

// Fill returns the document with the variables in its ARNs replaced; what is empty stays
// a variable. Problems are keys that become the same.
func (e *Effective) Fill(account, region string) (*Effective, []policy.Problem) {
	var pairs []string
	if account != "" {
		pairs = append(pairs, accountVariable, account)
	}
	if region != "" {
		pairs = append(pairs, regionVariable, region)
	}
	f := filler{replacer: strings.NewReplacer(pairs...), report: report{file: e.name}}
	return &Effective{name: e.name, root: f.fill(e.root, ""), ignored: e.ignored}, f.problems
}

type filler struct {
	report
	replacer *strings.Replacer
}

func (f *filler) text(s string) string {
	if strings.HasPrefix(s, "arn:") {
		return f.replacer.Replace(s)
	}
	return s
}

func (f *filler) fill(n *node, path string) *node {
	filled := *n
	filled.name = f.text(n.name)
	filled.folded = strings.ToLower(filled.name)
	filled.values = make([]string, len(n.values))
	for i, v := range n.values {
		filled.values[i] = f.text(v)
	}
	filled.children = make([]*node, 0, len(n.children))
	for _, c := range n.children {
		at := strictjson.Join(path, c.name)
		child := f.fill(c, at)
		if filled.child(child.folded) != nil && child.visible() {
			f.problem(c.line, at, "the key is %s once the variables are filled in, and another one is that too: remove one", child.name)
			continue
		}
		filled.children = append(filled.children, child)
	}
	return &filled
}

// ParseEffective reads an effective backup policy, as Organizations prints it.
func ParseEffective(f policy.File) (*Effective, policy.Result) {
	r := &report{file: f.Name}
	root := r.read(f)
	if root == nil {
		return nil, r.result()
	}
	p := effectiveParser{report: r}
	e := &Effective{name: f.Name, root: p.container(root, backupSchema, "", "")}
	if len(r.problems) > 0 {
		return nil, r.result()
	}
	return e, r.result()
}

// effectiveParser reads values that stand without operators.
type effectiveParser struct{ *report }

func (p *effectiveParser) container(json *strictjson.Node, schema *spec, name, path string) *node {
	n := &node{name: name, folded: strings.ToLower(name), line: json.Line}
	if json.Kind != strictjson.Object {
		p.problem(json.Line, path, "want an object, found %s", json.Describe())
		return n
	}
	for _, m := range json.Members {
		at := strictjson.Join(path, m.Key)
		child := schema.each
		switch {
		case strings.HasPrefix(m.Key, operatorMark):
			p.problem(m.Line, at, "%s in an effective policy: it has values where policies have operators", strictjson.Clip(m.Key))
			continue
		case child != nil:
			p.judge(schema.name(m.Key), m.Line, at)
		default:
			if child = schema.fields[m.Key]; child == nil {
				p.unknownKey(m, schema, at)
				continue
			}
		}
		if child.setting {
			n.children = append(n.children, p.value(m, child, at))
		} else {
			n.children = append(n.children, p.container(m.Value, child, m.Key, at))
		}
	}
	return n
}

func (p *effectiveParser) value(m strictjson.Member, schema *spec, path string) *node {
	n := &node{name: m.Key, folded: strings.ToLower(m.Key), line: m.Line, setting: true, set: true, list: schema.list}
	items := []*strictjson.Node{m.Value}
	if schema.list && m.Value.Kind == strictjson.Array {
		items = m.Value.Items
	}
	for _, item := range items {
		if !item.Scalar() || schema.list && m.Value.Kind != strictjson.Array {
			p.problem(item.Line, path, "want %s, found %s", wanted(schema), item.Describe())
			continue
		}
		p.judge(schema.value(item.Text), item.Line, path)
		n.values = append(n.values, item.Text)
	}
	return n
}

func wanted(schema *spec) string {
	if schema.list {
		return fmt.Sprintf("a list of values, as in [%q]", "...")
	}
	return "one value"
}
