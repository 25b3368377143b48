package orgpolicy

import (
	"encoding/json"

	"holdfast/policy/strictjson"
)

// Value is a single value or a list of them, as in the document.
type Value struct {
	List  bool
	Items []string
}

// MarshalJSON writes "a" or ["a","b"].
func (v Value) MarshalJSON() ([]byte, error) {
	if v.List || len(v.Items) != 1 {
		return json.Marshal(append([]string{}, v.Items...))
	}
	return json.Marshal(v.Items[0])
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(data []byte) error {
	if v.List = len(data) > 0 && data[0] == '['; v.List {
		return json.Unmarshal(data, &v.Items)
	}
	v.Items = make([]string, 1)
	return json.Unmarshal(data, &v.Items[0])
}

// Step is one operator of one policy on one setting, in the order it was carried out.
type Step struct {
	Level     int    `json:"level"` // 1 is the root
	LevelName string `json:"level_name,omitempty"`
	Policy    string `json:"policy"`
	Line      int    `json:"line,omitempty"`
	Operator  string `json:"operator"`
	Value     Value  `json:"value"`
	Applied   bool   `json:"applied"`
	Reason    string `json:"reason,omitempty"` // why it was not
}

// Provenance is where one value of the effective policy came from. Steps that were not
// applied are among them.
type Provenance struct {
	Path  string `json:"path"`
	Value *Value `json:"value"` // nil when nothing came of the steps
	Steps []Step `json:"steps"`
}

// Ignored is a part of a policy that had no effect because its place was closed.
type Ignored struct {
	Path      string `json:"path"`
	Level     int    `json:"level"`
	LevelName string `json:"level_name,omitempty"`
	Policy    string `json:"policy"`
	Line      int    `json:"line,omitempty"`
	Reason    string `json:"reason"`
}

// Explain returns the provenance of every setting any policy named, in the order of the
// document, and what was ignored with all that is in it.
func (e *Effective) Explain() ([]Provenance, []Ignored) {
	all := []Provenance{}
	e.root.walk("", func(path string, n *node) {
		if len(n.steps) == 0 {
			return
		}
		p := Provenance{Path: path, Steps: n.steps}
		if n.set {
			p.Value = &Value{List: n.list, Items: n.values}
		}
		all = append(all, p)
	})
	return all, append([]Ignored{}, e.ignored...)
}

// walk calls do for every place below n, parents first.
func (n *node) walk(path string, do func(path string, n *node)) {
	for _, c := range n.children {
		at := strictjson.Join(path, c.name)
		do(at, c)
		c.walk(at, do)
	}
}
