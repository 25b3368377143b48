package tasks

import (
	"bytes"
	"errors"
	"testing"

	"holdfast/driver"
)

func TestOnlyWhatAKeySignedIsBelieved(t *testing.T) {
	t.Parallel()
	key := func(c byte) []byte { return bytes.Repeat([]byte{c}, 32) }
	task, err := NewStart(driver.Expire, "job", 7)
	if err != nil {
		t.Fatal(err)
	}
	signed := Keys{Current: key('a')}.Sign(task)[HeaderMAC]
	other := task
	for name, test := range map[string]struct {
		keys Keys
		edit func(*Envelope)
		mac  string
		good bool
	}{
		"as signed":                {Keys{Current: key('a')}, nil, signed, true},
		"signed before a rotation": {Keys{Current: key('b'), Previous: key('a')}, nil, signed, true},
		"two rotations ago":        {Keys{Current: key('c'), Previous: key('b')}, nil, signed, false},
		"no key is configured":     {Keys{}, nil, "", true},
		"not signed":               {Keys{Current: key('a')}, nil, "", false},
		"no hex":                   {Keys{Current: key('a')}, nil, "zz", false},
		"another type":             {Keys{Current: key('a')}, func(e *Envelope) { e.Type = TypeBackupStart }, signed, false},
		"another id":               {Keys{Current: key('a')}, func(e *Envelope) { e.ID += "1" }, signed, false},
		"another queue":            {Keys{Current: key('a')}, func(e *Envelope) { e.Queue = QueueRestore }, signed, false},
		"another payload": {Keys{Current: key('a')}, func(e *Envelope) {
			e.Payload = bytes.Replace(e.Payload, []byte("7"), []byte("8"), 1)
		}, signed, false},
		"a byte moved between fields": {Keys{Current: key('a')}, func(e *Envelope) { e.Type, e.Queue = e.Type+e.Queue[:1], e.Queue[1:] }, signed, false},
	} {
		e := other
		if test.edit != nil {
			test.edit(&e)
		}
		if err := test.keys.Check(e, test.mac); (err == nil) != test.good || err != nil && !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
