package catalog_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/catalog"
)

var now = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

func TestTerminal(t *testing.T) {
	t.Parallel()
	terminal := map[catalog.State]bool{
		catalog.Created: false, catalog.Running: false, catalog.Aborting: false, catalog.Completed: true,
		catalog.Partial: true, catalog.Failed: true, catalog.Expired: true, catalog.Aborted: true,
	}
	for _, s := range catalog.States() {
		want, listed := terminal[s]
		if !listed || s.Terminal() != want {
			t.Errorf("%s: terminal %v, want %v (listed %v)", s, s.Terminal(), want, listed)
		}
	}
	if len(catalog.States()) != len(terminal) {
		t.Errorf("%d states, want %d", len(catalog.States()), len(terminal))
	}
}

// TestTransitions spells out what matters most; the golden diagram has the whole table.
func TestTransitions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		from, to catalog.State
		allowed  bool
	}{
		{catalog.Created, catalog.Running, true},
		{catalog.Created, catalog.Expired, true},
		{catalog.Created, catalog.Completed, false}, // nothing completes without having run
		{catalog.Running, catalog.Created, false},   // an artefact may exist: no way back
		{catalog.Running, catalog.Expired, false},   // the start window is past
		{catalog.Running, catalog.Aborted, false},   // only by way of ABORTING
		{catalog.Aborting, catalog.Completed, true}, // AWS was faster
		{catalog.Aborting, catalog.Running, false},
		{catalog.Failed, catalog.Failed, false},
		{catalog.State("PENDING"), catalog.Running, false},
		{catalog.Created, catalog.State("PENDING"), false},
	} {
		if err := catalog.CheckTransition(tc.from, tc.to); (err == nil) != tc.allowed {
			t.Errorf("%s -> %s: error %v, want allowed %v", tc.from, tc.to, err, tc.allowed)
		}
	}
}

// TestTerminalStatesAreFinal walks at random through Change: a job that has ended never
// moves again, and every job that moves can still end.
func TestTerminalStatesAreFinal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		job := catalog.Job{ID: "job-1", State: catalog.Created}
		for _, to := range rapid.SliceOfN(rapid.SampledFrom(catalog.States()), 1, 20).Draw(t, "moves") {
			m, err := catalog.Change(job, to, now, "w", nil)
			if job.State.Terminal() && err == nil {
				t.Fatalf("%s -> %s is allowed", job.State, to)
			}
			if err == nil {
				job = m.Job
			}
		}
		if !job.State.Terminal() && !canEnd(job.State) {
			t.Fatalf("%s has no way to an end", job.State)
		}
	})
}

func canEnd(from catalog.State) bool {
	for _, to := range catalog.States() {
		if to.Terminal() && catalog.CheckTransition(from, to) == nil {
			return true
		}
	}
	return false
}

func TestChange(t *testing.T) {
	t.Parallel()
	job := catalog.Job{ID: "job-1", State: catalog.Running, Version: 3, NextLookAt: now, RetryAt: now}
	stay, err := catalog.Change(job, catalog.Running, now, "worker-1", func(j *catalog.Job) { j.Progress = 50 })
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.Mutation{Job: job, From: catalog.Running, Actor: "worker-1"}
	want.Job.Progress = 50
	if diff := cmp.Diff(want, stay); diff != "" {
		t.Errorf("a change within the state (-want +got):\n%s", diff)
	}
	end, err := catalog.Change(job, catalog.Failed, now, "worker-1", func(j *catalog.Job) { j.Class, j.Message = "kms", "no key" })
	if err != nil {
		t.Fatal(err)
	}
	want = catalog.Mutation{
		Job:  catalog.Job{ID: "job-1", State: catalog.Failed, Version: 3, EndedAt: now, Class: "kms", Message: "no key"},
		From: catalog.Running, Actor: "worker-1", ReleaseHolder: "job-1",
		Events: []catalog.Event{{
			At: now, Type: "job.state", JobID: "job-1", Actor: "worker-1",
			From: "RUNNING", To: "FAILED", Class: "kms", Message: "no key",
		}},
	}
	if diff := cmp.Diff(want, end); diff != "" {
		t.Errorf("a change to an end (-want +got):\n%s", diff)
	}
	if job.State != catalog.Running || job.Progress != 0 {
		t.Errorf("Change edited the caller's job: %+v", job)
	}
}

func TestSlotsAndIntents(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		job         catalog.Job
		open, holds bool
	}{
		"waiting":            {catalog.Job{State: catalog.Created}, false, false},
		"intent":             {catalog.Job{State: catalog.Created, IntentOwner: "w"}, true, true},
		"running":            {catalog.Job{State: catalog.Running, IntentOwner: "w", Ref: "snap-1"}, false, true},
		"aborting":           {catalog.Job{State: catalog.Aborting, Ref: "snap-1"}, false, true},
		"ended":              {catalog.Job{State: catalog.Completed, IntentOwner: "w", Ref: "snap-1"}, false, false},
		"ended without ref":  {catalog.Job{State: catalog.Failed, IntentOwner: "w"}, false, false},
		"running no intent":  {catalog.Job{State: catalog.Running, Ref: "snap-1"}, false, true},
		"aborting an intent": {catalog.Job{State: catalog.Aborting, IntentOwner: "w"}, true, true},
	} {
		if got := tc.job.IntentOpen(); got != tc.open {
			t.Errorf("%s: IntentOpen %v, want %v", name, got, tc.open)
		}
		if got := tc.job.HoldsSlot(); got != tc.holds {
			t.Errorf("%s: HoldsSlot %v, want %v", name, got, tc.holds)
		}
	}
}

// TestDiagram keeps the page about the states equal to the table in the code.
func TestDiagram(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "state-machine.md")
	want := diagram()
	golden.Text(t, path, want)
}

func diagram() string {
	var b strings.Builder
	b.WriteString(`# The states of a job

Generated from the transition table in catalog/state.go by ` + "`go test ./catalog -update`" + `. Do not edit.

The words are AWS Backup's. A job begins as CREATED; the states with an arrow to the end
are final: nothing leaves them, a retry is a new job. PENDING, which the commands show for
a job that was granted and has not begun, is never stored.

` + "```mermaid\nstateDiagram-v2\n    [*] --> CREATED\n")
	for _, from := range catalog.States() {
		for _, to := range catalog.States() {
			if from != to && catalog.CheckTransition(from, to) == nil {
				fmt.Fprintf(&b, "    %s --> %s\n", from, to)
			}
		}
	}
	for _, s := range catalog.States() {
		if s.Terminal() {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n\nWhile a job stays in ")
	var stay []string
	for _, s := range catalog.States() {
		if catalog.CheckTransition(s, s) == nil {
			stay = append(stay, string(s))
		}
	}
	fmt.Fprintf(&b, "%s its other columns may change.\n", strings.Join(stay, ", "))
	return b.String()
}
