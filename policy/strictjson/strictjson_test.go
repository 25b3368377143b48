package strictjson

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseKeepsOrderLinesAndSpelling(t *testing.T) {
	t.Parallel()
	root, faults := Parse([]byte("{\n \"b\": [1.50, true,\n null],\n \"a\": {\"x.y\": \"é\"}\n}\n"))
	if len(faults) != 0 {
		t.Fatal(faults)
	}
	want := &Node{Kind: Object, Line: 1, Members: []Member{
		{Key: "b", Line: 2, Value: &Node{Kind: Array, Line: 2, Items: []*Node{
			{Kind: Number, Line: 2, Text: "1.50"}, {Kind: Bool, Line: 2, Text: "true"}, {Kind: Null, Line: 3, Text: "null"},
		}}},
		{Key: "a", Line: 4, Value: &Node{Kind: Object, Line: 4, Members: []Member{
			{Key: "x.y", Line: 4, Value: &Node{Kind: String, Line: 4, Text: "é"}},
		}}},
	}}
	if diff := cmp.Diff(want, root); diff != "" {
		t.Error(diff)
	}
	if root.Member("a") == nil || root.Member("A") != nil {
		t.Error("Member does not look keys up as spelled")
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, data, want string }{
		{"empty", " \n", "0:  the document is empty"},
		{"not UTF-8", "{\n\"a\": \"\xff\"}", "2:  the document is not UTF-8: byte 8"},
		{"byte-order mark", "\xef\xbb\xbf{}", "1:  the document begins with a byte-order mark"},
		{"too large", "[" + strings.Repeat(" ", maxBytes) + "]", "0:  the document has 1048578 bytes"},
		{"too deep", strings.Repeat("[", 50) + strings.Repeat("]", 50), "the document nests deeper than 32 levels"},
		{"never closed", "{\"a\":\n[1", "2:  not valid JSON: the document ends too early"},
		{"no value", "{\"a\":\n}", "2:  not valid JSON"},
		{"a comma too many", "[1,\n]", "not valid JSON"},
		{"no comma", "{\"a\":1 \"b\":2}", "not valid JSON"},
		{"a comment", "// no\n{}", "1:  not valid JSON: invalid character '/'"},
		{"two documents", "{}\n{}", "2:  not valid JSON: text follows the document"},
		{"rubbish behind", "{}]", "not valid JSON"},
		{"key that is no text", "{1:2}", "not valid JSON"},
		{"control character", "\"\x01\"", "not valid JSON"},
		{"same key", "{\"a\":1,\n\"a\":2}", "2: a a is given twice, first in line 1"},
		{"same key but for case", "{\"p\":{\"Ab\":1,\"aB\":2}}", "1: p.aB aB differs from Ab in line 1 only by case"},
		{"huge number", "{\"a\":[1e999]}", "1: a[0] 1e999 is too large"},
		{"long number", "{\"a\":" + strings.Repeat("1", 60) + "}", "too long a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, faults := Parse([]byte(tt.data))
			if len(faults) != 1 {
				t.Fatalf("faults %v, want one", faults)
			}
			if got := fmt.Sprintf("%d: %s %s", faults[0].Line, faults[0].Path, faults[0].Message); !strings.Contains(got, tt.want) {
				t.Errorf("fault %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseListsEveryFault(t *testing.T) {
	t.Parallel()
	_, faults := Parse([]byte(`{"a":1,"a":2,"b":{"c":1e400,"C":2},"B":3}`))
	if len(faults) != 4 {
		t.Errorf("faults %v, want four", faults)
	}
}

func TestParseRefusesTooManyValues(t *testing.T) {
	t.Parallel()
	root, faults := Parse([]byte("[" + strings.Repeat("0,", maxValues) + "0]"))
	if root != nil || len(faults) != 1 || !strings.Contains(faults[0].Message, "more than 200000 values") {
		t.Errorf("root %v, faults %v", root != nil, faults)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, key, want string }{
		{"", "a", "a"}, {"a", "b", "a.b"}, {"a", "b.c", `a["b.c"]`}, {"a", "", `a[""]`},
		{"a", "arn:aws:backup:eu-west-1:$account:backup-vault:x", "a.arn:aws:backup:eu-west-1:$account:backup-vault:x"},
		{"a", "b c", `a["b c"]`},
	} {
		if got := Join(tt.path, tt.key); got != tt.want {
			t.Errorf("Join(%q, %q) = %s, want %s", tt.path, tt.key, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,true,null,"x"],"A":{}}`, `{"a":`, `[1e999]`, "\xff", `"\ud800"`, `{}{}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, faults := Parse(data)
		if root == nil && len(faults) == 0 {
			t.Fatal("no document and no fault")
		}
		for _, fault := range faults {
			if fault.Message == "" || fault.Line < 0 || fault.Line > 1+strings.Count(string(data), "\n") {
				t.Fatalf("fault %+v of %q", fault, data)
			}
		}
	})
}
