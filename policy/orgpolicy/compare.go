package orgpolicy

import (
	"maps"
	"slices"
	"strings"
)

// Difference is a setting two effective documents do not agree on; a nil value is one
// that is not there.
type Difference struct {
	Path   string `json:"path"`
	Ours   *Value `json:"ours"`
	Theirs *Value `json:"theirs"`
}

// Compare returns what differs between two effective documents, by path. Names compare
// without case; the order of lists does not count.
func Compare(ours, theirs *Effective) []Difference {
	found := map[string]Difference{}
	ours.root.walk("", func(path string, n *node) {
		if n.setting && n.set {
			found[strings.ToLower(path)] = Difference{Path: path, Ours: n.value()}
		}
	})
	theirs.root.walk("", func(path string, n *node) {
		if !n.setting || !n.set {
			return
		}
		d, both := found[strings.ToLower(path)]
		if !both {
			d.Path = path
		}
		d.Theirs = n.value()
		found[strings.ToLower(path)] = d
	})
	differences := []Difference{}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if d := found[key]; !d.Ours.same(d.Theirs) {
			differences = append(differences, d)
		}
	}
	return differences
}

func (n *node) value() *Value { return &Value{List: n.list, Items: n.values} }

func (v *Value) same(other *Value) bool {
	if v == nil || other == nil {
		return v == other
	}
	return v.List == other.List && slices.Equal(slices.Sorted(slices.Values(v.Items)), slices.Sorted(slices.Values(other.Items)))
}
