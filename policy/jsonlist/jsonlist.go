// Package jsonlist reads long JSON lists of objects as people and other tools write them:
// one object at a time, keys in any spelling (CreatedAt, created_at), with the line of
// each problem. Keys nobody asks for are ignored.
package jsonlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of one list.
const (
	MaxBytes    = 1 << 30
	MaxItems    = 2_000_000
	maxItemSize = 1 << 20
	maxProblems = 100
)

// Problem is one thing wrong with a list.
type Problem struct {
	Line    int
	Path    string // [3].created_at
	Message string
}

// Read calls yield for every object of the list in data: a bare list, or an object that
// has it under one of the keys. Problems of an object are noted through Item.Problem; the
// reading goes on, so that all of them are listed, at most maxProblems.
func Read(data []byte, keys []string, yield func(*Item)) []Problem {
	if len(data) > MaxBytes {
		return []Problem{{Message: fmt.Sprintf("the file has %d bytes, at most %d are read", len(data), MaxBytes)}}
	}
	if !utf8.Valid(data) {
		return []Problem{{Message: "the file is not UTF-8: save it as UTF-8"}}
	}
	r := reader{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), line: 1, keys: keys}
	if err := r.document(yield); err != nil {
		r.add("", "%v", err)
	}
	return r.problems
}

// reader goes through one document.
type reader struct {
	data     []byte
	decoder  *json.Decoder
	keys     []string
	offset   int64 // up to which lines are counted
	line     int
	problems []Problem
	unlisted int
}

var errNoList = errors.New("want a JSON list of objects: [{...}, ...]")

func (r *reader) document(yield func(*Item)) error {
	token, err := r.decoder.Token()
	switch {
	case errors.Is(err, io.EOF):
		return errNoList
	case err != nil:
		return r.syntax(err)
	case token == json.Delim('['):
		err = r.list(yield)
	case token == json.Delim('{'):
		err = r.wrapped(yield)
	default:
		return errNoList
	}
	if err != nil {
		return err
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text follows the document: remove it")
	}
	return nil
}

// wrapped finds the list in an object; what else the object has is ignored.
func (r *reader) wrapped(yield func(*Item)) error {
	found := false
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return r.syntax(err)
		}
		key, _ := token.(string)
		if !r.wanted(key) {
			var skipped json.RawMessage
			if err := r.decoder.Decode(&skipped); err != nil {
				return r.syntax(err)
			}
			continue
		}
		if found {
			return fmt.Errorf("%s is given twice: remove one", key)
		}
		found = true
		if token, err = r.decoder.Token(); err != nil {
			return r.syntax(err)
		}
		if token != json.Delim('[') {
			return fmt.Errorf("%s: want a list of objects", key)
		}
		if err := r.list(yield); err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil {
		return r.syntax(err)
	}
	if !found {
		return fmt.Errorf("%w, or an object with such a list under %s", errNoList, strings.Join(r.keys, " or "))
	}
	return nil
}

func (r *reader) wanted(key string) bool {
	for _, k := range r.keys {
		if Fold(key) == Fold(k) {
			return true
		}
	}
	return false
}

// list reads up to and with the closing bracket.
func (r *reader) list(yield func(*Item)) error {
	item := Item{reader: r, fields: map[string]json.RawMessage{}}
	for ; r.decoder.More(); item.Index++ {
		if item.Index == MaxItems {
			return fmt.Errorf("the list has more than %d objects", MaxItems)
		}
		if err := item.read(); err != nil {
			return err
		}
		if item.usable {
			yield(&item)
		}
	}
	if _, err := r.decoder.Token(); err != nil {
		return r.syntax(err)
	}
	if r.unlisted > 0 {
		r.problems = append(r.problems, Problem{Message: fmt.Sprintf("and %d more problems", r.unlisted)})
	}
	return nil
}

func (r *reader) add(path, format string, args ...any) {
	if len(r.problems) == maxProblems {
		r.unlisted++
		return
	}
	r.problems = append(r.problems, Problem{Line: r.currentLine(), Path: path, Message: fmt.Sprintf(format, args...)})
}

// currentLine returns the line up to which the decoder has read.
func (r *reader) currentLine() int {
	if at := min(r.decoder.InputOffset(), int64(len(r.data))); at > r.offset {
		r.line += bytes.Count(r.data[r.offset:at], []byte("\n"))
		r.offset = at
	}
	return r.line
}

// syntax says what the parser found, in words without Go's.
func (r *reader) syntax(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not valid JSON: the document ends too early")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		r.line, r.offset = 1+bytes.Count(r.data[:min(syntax.Offset, int64(len(r.data)))], []byte("\n")), int64(len(r.data))
		return fmt.Errorf("not valid JSON: %s", syntax.Error())
	}
	return fmt.Errorf("not valid JSON: %w", err)
}

// Fold makes CreatedAt, created-at and created_at equal.
func Fold(key string) string {
	plain := true
	for i := range len(key) {
		if c := key[i]; c < 'a' || c > 'z' {
			plain = false
			break
		}
	}
	if plain {
		return key
	}
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(key))
}
