package jsonlist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Item is one object of a list. It is reused for the next one: what yield wants to keep
// it must take.
type Item struct {
	Index  int
	reader *reader
	fields map[string]json.RawMessage
	usable bool
}

// read takes the next element; one that is no object is a problem and not usable.
func (i *Item) read() error {
	clear(i.fields)
	i.usable = false
	var raw json.RawMessage
	if err := i.reader.decoder.Decode(&raw); err != nil {
		return i.reader.syntax(err)
	}
	if len(raw) > maxItemSize {
		return fmt.Errorf("object %d has %d bytes, at most %d are read", i.Index, len(raw), maxItemSize)
	}
	if raw[0] != '{' {
		i.Problem("", "want an object, found %s", describe(raw))
		return nil
	}
	i.usable = true
	return i.split(raw)
}

// split fills fields; a key given twice, in whatever spelling, is a problem.
func (i *Item) split(raw json.RawMessage) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		folded := Fold(key)
		if _, twice := i.fields[folded]; twice {
			i.Problem(key, "is given twice: remove one")
		}
		i.fields[folded] = value
	}
	return nil
}

// Problem notes something wrong with the value of key; an empty key means the whole.
func (i *Item) Problem(key, format string, args ...any) {
	path := fmt.Sprintf("[%d]", i.Index)
	if key != "" {
		path += "." + key
	}
	i.reader.add(path, format, args...)
}

// find returns the value of the first of keys that is there and not null.
func (i *Item) find(keys []string) (key string, raw json.RawMessage) {
	for _, k := range keys {
		if raw, ok := i.fields[Fold(k)]; ok && string(raw) != "null" {
			return k, raw
		}
	}
	return keys[0], nil
}

// Text returns the text under the first of keys that is there, "" when none is.
func (i *Item) Text(keys ...string) string {
	key, raw := i.find(keys)
	if raw == nil {
		return ""
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		i.Problem(key, "want text, found %s", describe(raw))
	}
	return text
}

// Needed is Text for what must be there.
func (i *Item) Needed(keys ...string) string {
	text := i.Text(keys...)
	if _, raw := i.find(keys); raw == nil || string(raw) == `""` {
		i.Problem(keys[0], "is missing: want text")
	}
	return text
}

// Instant returns the moment under the first of keys that is there: RFC 3339, or seconds
// since 1970 as some tools write it; zero when none is.
func (i *Item) Instant(keys ...string) time.Time {
	key, raw := i.find(keys)
	if raw == nil {
		return time.Time{}
	}
	if seconds, err := strconv.ParseFloat(string(raw), 64); err == nil && seconds > 0 && seconds < 1e11 {
		return time.UnixMilli(int64(seconds * 1000)).UTC()
	}
	var text string
	_ = json.Unmarshal(raw, &text) // what is no text is no moment either
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		i.Problem(key, "%s is no moment: write one like 2026-05-05T12:00:00Z", describe(raw))
	}
	return at.UTC()
}

// Is reports whether the value under the first of keys that is there says yes: true, a
// text or a list that is not empty.
func (i *Item) Is(keys ...string) bool {
	_, raw := i.find(keys)
	switch string(bytes.Join(bytes.Fields(raw), nil)) {
	case "", "false", `""`, "[]", "{}", "0":
		return false
	}
	return true
}

// Has reports whether one of keys is there.
func (i *Item) Has(keys ...string) bool {
	_, raw := i.find(keys)
	return raw != nil
}

// StringMap returns the texts under the first of keys that is there: an object of texts,
// or AWS's list of {"Key", "Value"}.
func (i *Item) StringMap(keys ...string) map[string]string {
	key, raw := i.find(keys)
	if raw == nil {
		return nil
	}
	var values map[string]string
	if err := json.Unmarshal(raw, &values); err == nil {
		return values
	}
	var pairs []struct{ Key, Value *string }
	if err := json.Unmarshal(raw, &pairs); err != nil {
		i.Problem(key, "want an object of texts such as {\"env\":\"prod\"}, found %s", describe(raw))
		return nil
	}
	values = make(map[string]string, len(pairs))
	for _, p := range pairs {
		if p.Key == nil || p.Value == nil {
			i.Problem(key, "want Key and Value in each entry")
			continue
		}
		values[*p.Key] = *p.Value
	}
	return values
}

// describe shows a value, cut short.
func describe(raw json.RawMessage) string {
	switch {
	case len(raw) == 0:
		return "nothing"
	case raw[0] == '{':
		return "an object"
	case raw[0] == '[':
		return "a list"
	case len(raw) > 60:
		return strings.ToValidUTF8(string(raw[:60]), "") + "..."
	}
	return string(raw)
}
