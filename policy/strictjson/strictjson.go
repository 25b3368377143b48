// Package strictjson reads JSON that people write: it keeps the order of keys and the
// spelling of numbers, knows the line of every value, and refuses what other readers
// let pass silently: keys given twice (case does not count), text that is not UTF-8, a
// second document, and documents beyond its limits.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of one document, against input that is no policy.
const (
	maxBytes      = 1 << 20
	maxDepth      = 32
	maxValues     = 200_000
	maxNumberText = 40
	maxFaults     = 500
)

// Kind is what a value is in JSON.
type Kind int

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Node is one value. Text is the string, or the literal as written (12, true, null).
type Node struct {
	Kind    Kind
	Line    int
	Text    string
	Members []Member
	Items   []*Node
}

// Member is one key of an object with its value, in the order of the document.
type Member struct {
	Key   string
	Line  int
	Value *Node
}

// Member returns the value of the key spelled exactly so; nil when there is none.
func (n *Node) Member(key string) *Node {
	if i := slices.IndexFunc(n.Members, func(m Member) bool { return m.Key == key }); i >= 0 {
		return n.Members[i].Value
	}
	return nil
}

// Scalar reports whether the value is neither an object nor an array.
func (n *Node) Scalar() bool { return n.Kind < Array }

// Describe names the value in words of the person who wrote it.
func (n *Node) Describe() string {
	switch n.Kind {
	case Object:
		return "an object"
	case Array:
		return "a list"
	case String:
		return fmt.Sprintf("the text %q", Clip(n.Text))
	case Number:
		return "the number " + n.Text
	default:
		return n.Text
	}
}

// Fault is one thing wrong with a document.
type Fault struct {
	Line    int
	Path    string
	Message string
}

// Parse reads the only document in data. With faults the root is not to be used, except
// to look for further ones: it is nil when the document could not be read to its end.
func Parse(data []byte) (root *Node, faults []Fault) {
	if fault, ok := readable(data); !ok {
		return nil, []Fault{fault}
	}
	p := parser{data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	p.decoder.UseNumber()
	root, err := p.value("", 0)
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, append(p.faults, p.syntax(err))
	}
	return root, p.faults
}

// readable finds what makes the bytes no JSON before they are parsed.
func readable(data []byte) (Fault, bool) {
	switch {
	case len(data) > maxBytes:
		return Fault{Message: fmt.Sprintf("the document has %d bytes, at most %d are read", len(data), maxBytes)}, false
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return Fault{Line: 1, Message: "the document begins with a byte-order mark: save it as UTF-8 without one"}, false
	case len(bytes.TrimSpace(data)) == 0:
		return Fault{Message: "the document is empty: want a JSON object"}, false
	case !utf8.Valid(data):
		at := 0
		for at < len(data) {
			r, size := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		return Fault{Line: line, Message: fmt.Sprintf("the document is not UTF-8: byte %d; save it as UTF-8", at)}, false
	}
	return Fault{}, true
}

// limitError ends the reading of a document that is beyond a limit.
type limitError struct{ path, message string }

func (e limitError) Error() string { return e.message }

type parser struct {
	data    []byte
	decoder *json.Decoder
	values  int
	at      int64 // how far newlines are counted
	line    int   // newlines before at
	faults  []Fault
}

// lineNow returns the line of the token read last. Tokens do not span lines.
func (p *parser) lineNow() int {
	offset := p.decoder.InputOffset()
	p.line += bytes.Count(p.data[p.at:offset], []byte("\n"))
	p.at = offset
	return p.line + 1
}

func (p *parser) fault(line int, path, format string, args ...any) {
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, Fault{Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

// value reads the next value and everything in it.
func (p *parser) value(path string, depth int) (*Node, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	node := &Node{Line: p.lineNow()}
	if p.values++; p.values > maxValues {
		return nil, limitError{path, fmt.Sprintf("the document has more than %d values", maxValues)}
	}
	if depth > maxDepth {
		return nil, limitError{path, fmt.Sprintf("the document nests deeper than %d levels", maxDepth)}
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			node.Kind = Object
			return node, p.members(node, path, depth)
		}
		node.Kind = Array
		return node, p.items(node, path, depth)
	case string:
		node.Kind, node.Text = String, t
	case json.Number:
		node.Kind, node.Text = Number, t.String()
		p.number(node, path)
	case bool:
		node.Kind, node.Text = Bool, strconv.FormatBool(t)
	case nil:
		node.Kind, node.Text = Null, "null"
	}
	return node, nil
}

// number refuses numbers no setting has: other readers round them.
func (p *parser) number(node *Node, path string) {
	_, err := strconv.ParseFloat(node.Text, 64)
	if err != nil || len(node.Text) > maxNumberText {
		p.fault(node.Line, path, "%s is too large or too long a number", Clip(node.Text))
		node.Text = "0"
	}
}

// members reads the keys of an object; of a key given twice the first one stays.
func (p *parser) members(node *Node, path string, depth int) error {
	seen := map[string]Member{}
	for p.decoder.More() {
		token, err := p.decoder.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return errors.New("a key must be text")
		}
		line := p.lineNow()
		child := Join(path, key)
		value, err := p.value(child, depth+1)
		if err != nil {
			return err
		}
		m := Member{Key: key, Line: line, Value: value}
		if first, twice := seen[strings.ToLower(key)]; twice {
			p.twice(first, m, child)
			continue
		}
		seen[strings.ToLower(key)] = m
		node.Members = append(node.Members, m)
	}
	_, err := p.decoder.Token() // the closing brace
	return err
}

func (p *parser) twice(first, second Member, path string) {
	if first.Key == second.Key {
		p.fault(second.Line, path, "%s is given twice, first in line %d: remove one", Clip(second.Key), first.Line)
		return
	}
	p.fault(second.Line, path, "%s differs from %s in line %d only by case: rename or remove one", Clip(second.Key), Clip(first.Key), first.Line)
}

func (p *parser) items(node *Node, path string, depth int) error {
	for p.decoder.More() {
		item, err := p.value(fmt.Sprintf("%s[%d]", path, len(node.Items)), depth+1)
		if err != nil {
			return err
		}
		node.Items = append(node.Items, item)
	}
	_, err := p.decoder.Token() // the closing bracket
	return err
}

// end makes sure that nothing follows the document.
func (p *parser) end() error {
	switch _, err := p.decoder.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errors.New("text follows the document: use one file for each")
}

// syntax says where reading ended and why.
func (p *parser) syntax(err error) Fault {
	var limit limitError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &limit):
		return Fault{Line: p.lineNow(), Path: limit.path, Message: limit.message}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Fault{Line: 1 + bytes.Count(p.data, []byte("\n")), Message: "not valid JSON: the document ends too early"}
	case errors.As(err, &syntax):
		at := min(max(syntax.Offset, 0), int64(len(p.data)))
		return Fault{Line: 1 + bytes.Count(p.data[:at], []byte("\n")), Message: "not valid JSON: " + syntax.Error()}
	}
	return Fault{Line: p.lineNow(), Message: "not valid JSON: " + err.Error()}
}

var plainKey = regexp.MustCompile(`^[^.\[\]"\x00-\x20\x7f]{1,256}$`)

// Join puts a key behind a path: a.b, and a["b.c"] where a dot would mislead.
func Join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, Clip(key))
	case path == "":
		return key
	}
	return path + "." + key
}

// Clip keeps quoted input short in messages.
func Clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
