// Package cost estimates what the storage of recovery points costs, from prices in a file
// and sizes in the catalog. An estimate is never a bill: AWS bills snapshots by the blocks
// that changed, and tells sizes of whole volumes.
package cost

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"holdfast/resource"
)

//go:embed prices.yaml
var embedded []byte

// everywhere fits every kind, or every region.
const everywhere = "*"

// Limits on a price file.
const (
	maxBytes  = 1 << 20
	maxPrices = 5000
	maxPrice  = 1000 // US dollars per GiB and month: more is a slip of the pen
)

// Prices are what storage costs.
type Prices struct {
	AsOf    string // date of the prices, YYYY-MM-DD
	Default bool   // they are those Holdfast comes with
	list    []price
}

// price is one entry: US dollars per GiB and month of points of kind in region.
type price struct {
	kind, region string
	gibMonth     float64
}

// Problem is one thing wrong with a price file.
type Problem struct {
	Line    int
	Path    string // prices[3].gib_month
	Message string // what is wrong and how to mend it
}

// Error is everything wrong with a price file.
type Error struct {
	File     string
	Problems []Problem
}

// Error tells the problems, one a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s:%d: %s: %s", e.File, p.Line, p.Path, p.Message)
	}
	return strings.Join(lines, "\n")
}

// Default returns the prices Holdfast comes with.
func Default() Prices {
	p, err := Parse("prices.yaml", embedded)
	if err != nil {
		panic("cost: " + err.Error())
	}
	p.Default = true
	return p
}

// Embedded returns the text of the default prices, to begin a file of one's own with.
func Embedded() string { return string(embedded) }

// Of returns the price of a GiB for a month: the first entry for the kind and the region,
// else for the kind anywhere, else for anything; ok is false when there is none.
func (p Prices) Of(kind resource.Kind, region string) (gibMonth float64, ok bool) {
	for _, want := range [][2]string{{string(kind), region}, {string(kind), everywhere}, {everywhere, region}, {everywhere, everywhere}} {
		for _, one := range p.list {
			if one.kind == want[0] && one.region == want[1] {
				return one.gibMonth, true
			}
		}
	}
	return 0, false
}

// Parse reads a price file, YAML or JSON. Everything that is wrong is in one *Error.
func Parse(file string, data []byte) (Prices, error) {
	r := &reader{seen: map[[2]string]int{}}
	if len(data) > maxBytes {
		r.problem(1, "", "the file is larger than %d bytes: it must hold prices only", maxBytes)
	} else if root := r.root(data); root != nil {
		r.document(root)
	}
	if len(r.problems) > 0 {
		return Prices{}, &Error{file, r.problems}
	}
	return r.prices, nil
}

// reader walks a price file and goes on after a mistake.
type reader struct {
	prices   Prices
	seen     map[[2]string]int
	problems []Problem
}

func (r *reader) problem(line int, path, format string, args ...any) {
	r.problems = append(r.problems, Problem{line, path, fmt.Sprintf(format, args...)})
}

// root returns the document's only value.
func (r *reader) root(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.problem(1, "", "the file is empty: give as_of and prices")
		} else {
			r.problem(1, "", "not YAML: %v", err)
		}
		return nil
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		r.problem(1, "", "more than one document: keep one")
		return nil
	}
	return doc.Content[0]
}

// fields returns the values of a mapping by key and reports keys that are not known, are
// there twice, or missing.
func (r *reader) fields(node *yaml.Node, path string, known ...string) map[string]*yaml.Node {
	if node.Kind != yaml.MappingNode {
		r.problem(node.Line, path, "want key: value pairs with %s", strings.Join(known, ", "))
		return nil
	}
	found := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		switch _, twice := found[key.Value]; {
		case !slices.Contains(known, key.Value):
			r.problem(key.Line, join(path, key.Value), "unknown key: use %s", strings.Join(known, ", "))
		case twice:
			r.problem(key.Line, join(path, key.Value), "given twice: remove one")
		}
		found[key.Value] = node.Content[i+1]
	}
	for _, name := range known {
		if found[name] == nil {
			r.problem(node.Line, join(path, name), "is missing")
		}
	}
	return found
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

func (r *reader) document(root *yaml.Node) {
	found := r.fields(root, "", "as_of", "currency", "prices")
	if node := found["as_of"]; node != nil {
		if _, err := time.Parse(time.DateOnly, node.Value); err != nil {
			r.problem(node.Line, "as_of", "%q is no date: write the day the prices are of, like 2026-01-31", node.Value)
		}
		r.prices.AsOf = node.Value
	}
	if node := found["currency"]; node != nil && node.Value != "USD" {
		r.problem(node.Line, "currency", "%q: prices are in USD, as AWS lists them", node.Value)
	}
	node := found["prices"]
	switch {
	case node == nil:
	case node.Kind != yaml.SequenceNode || len(node.Content) == 0:
		r.problem(node.Line, "prices", "want a list with at least one price, like - {kind: ebs, region: \"*\", gib_month: 0.05}")
	case len(node.Content) > maxPrices:
		r.problem(node.Line, "prices", "%d prices: at most %d are read", len(node.Content), maxPrices)
	default:
		for i, entry := range node.Content {
			r.entry(entry, fmt.Sprintf("prices[%d]", i))
		}
	}
}

func (r *reader) entry(node *yaml.Node, path string) {
	found := r.fields(node, path, "kind", "region", "gib_month")
	if found["kind"] == nil || found["region"] == nil || found["gib_month"] == nil {
		return
	}
	one := price{kind: found["kind"].Value, region: found["region"].Value}
	if one.kind != everywhere {
		if _, err := resource.ParseKind(one.kind); err != nil {
			r.problem(found["kind"].Line, path+".kind", "%v, or \"*\" for every kind", err)
		}
	}
	if one.region == "" {
		r.problem(found["region"].Line, path+".region", "is empty: name a region, or \"*\" for every one")
	}
	value, err := strconv.ParseFloat(found["gib_month"].Value, 64)
	if err != nil || math.IsNaN(value) || value < 0 || value > maxPrice {
		r.problem(found["gib_month"].Line, path+".gib_month", "%q is no price: write US dollars per GiB and month, 0 to %d", found["gib_month"].Value, maxPrice)
	}
	key := [2]string{one.kind, one.region}
	if first, twice := r.seen[key]; twice {
		r.problem(node.Line, path, "the price of %s in %s is in line %d already: remove one", one.kind, one.region, first)
	}
	r.seen[key] = node.Line
	one.gibMonth = value
	r.prices.list = append(r.prices.list, one)
}
