package archive

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestReadNamesTheLine(t *testing.T) {
	t.Parallel()
	good := `{"point":{"id":"a"}}` + "\n"
	for name, text := range map[string]string{
		"no JSON":       good + "x\n",
		"unknown field": good + `{"job":{}}` + "\n",
		"nothing":       good + "{}\n",
		"two things":    good + `{"point":{"id":"a"},"hold":{}}` + "\n",
		"too long":      good + `{"point":{"id":"` + strings.Repeat("a", maxLine) + `"}}` + "\n",
	} {
		if lines, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v, %v", name, lines, err)
		}
	}
	if lines, err := Read(strings.NewReader(good + good)); err != nil || len(lines) != 2 {
		t.Errorf("%v, %v", lines, err)
	}
}

// What is read and written again is read the same.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"point":{"id":"a","created_at":"2026-03-03T12:00:00Z","source":{"arn":"x","settings":{"a":1}}}}` + "\n" + `{"hold":{"point_id":"a","kind":"legal","holder":"h"}}`))
	f.Add([]byte(`{"lock":{"vault":"v","mode":"governance","min_days":7}}`))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var again bytes.Buffer
		for _, l := range lines {
			if err := json.NewEncoder(&again).Encode(l); err != nil {
				t.Fatalf("%+v cannot be written: %v", l, err)
			}
		}
		if back, err := Read(bytes.NewReader(again.Bytes())); again.Len() < maxLine && (err != nil || len(back) != len(lines)) {
			t.Errorf("%d lines became %d: %v", len(lines), len(back), err)
		}
	})
}
