package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"holdfast/driver/all"
)

// TestEveryDriverIsCounted measures a few resources of every kind. How many calls a backup
// takes is worth something with many in flight only.
func TestEveryDriverIsCounted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--output", "json", "--resources", "30", "--jobs", "20"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var got []usage
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := len(all.New(nil).All()); len(got) != want {
		t.Errorf("%d drivers were counted, want %d", len(got), want)
	}
	for _, u := range got {
		if u.Listing < 1 || u.Listing != u.Fewest || u.Starts < u.Jobs || u.Looks < 1 {
			t.Errorf("%s by %s: %+v", u.Kind, u.Engine, u)
		}
	}
}

func TestTableAndArguments(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := table(&out, []usage{{Kind: "k", Engine: "native", Missed: []string{"too many"}}}); err != nil || !strings.Contains(out.String(), "too many") {
		t.Errorf("the table is %q, %v", out.String(), err)
	}
	for _, args := range [][]string{{"--output", "xml"}, {"--jobs", "0"}, {"--jobs", "9", "--resources", "8"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
