package scheduler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/test/rig"
)

// An account that leaves the configuration drains: what runs ends, what was granted and
// not begun is called back, what waits does not begin until the account is back.
func TestAnAccountThatLeftDrains(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(2)})
	var jobs []catalog.Job
	for _, source := range l.AddResources(4) {
		job := l.NewBackup(source.Name, source)
		l.Insert(job)
		jobs = append(jobs, job)
	}
	l.do("submit", "caps")
	first := l.Tasks()[0]
	l.Take(first)
	l.Must(l.Run(l.Engine, first)) // one runs, one is granted, two wait
	l.accounts = []string{"444455556666"}
	l.Advance(2 * time.Minute)
	l.do("caps")
	if u := l.usage(accountKey()); u.Cap != 0 || u.Held != 1 || u.Granted != 0 || u.Waiting != 3 {
		t.Fatalf("the slots of an account that left are %+v, want the one that runs", u)
	}
	for range 4 {
		l.pass()
		l.Work(l.Engine)
		l.Advance(rig.Took)
	}
	completed := 0
	for _, job := range jobs {
		switch state := l.Job(job.ID).State; state {
		case catalog.Completed:
			completed++
		case catalog.Created:
		default:
			t.Errorf("a job is %s", state)
		}
	}
	if completed != 1 {
		t.Errorf("%d jobs completed in an account that left, want the one that ran", completed)
	}
	l.accounts = []string{rig.Account}
	l.Advance(2 * time.Minute)
	for range 4 {
		l.pass()
		l.Work(l.Engine)
		l.Advance(rig.Took)
	}
	for _, job := range jobs {
		l.wantState(job.ID, catalog.Completed)
	}
}

// Nobody leaves because the list of accounts cannot be read.
func TestAnUnreadableListOfAccountsPausesNobody(t *testing.T) {
	t.Parallel()
	l := lead(t, rig.Options{Tokens: true, Caps: capped(2)})
	l.AddResources(1)
	l.listAccounts = func(context.Context) ([]string, error) { return nil, errors.New("organizations is down") }
	l.restart()
	l.do("caps")
	if u := l.usage(admission.NewKey("account", rig.Account)); u.Cap == 0 {
		t.Errorf("the account is paused: %+v", u)
	}
}
