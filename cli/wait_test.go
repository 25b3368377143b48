package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/operator"
)

// A backup that is waited for is over when its copies are.
func TestWaitFollowsTheChain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := catalog.BackupJobID("acme", "manual:k", "", "", ledgerARN, time.Time{})
	second := catalog.BackupJobID("acme", "manual:k", "", "", ordersARN, time.Time{})
	o.clock.onSleep = func(nth int) {
		switch nth {
		case 1:
			o.move(key, catalog.Running, nil)
		case 2:
			o.complete(key)
			o.complete(second)
		case 3:
			o.complete(copyOf(o, key))
		case 4:
			o.move(copyOf(o, second), catalog.Running, nil)
			o.complete(copyOf(o, second))
		}
	}
	o.transcript("wait_chain", say("backup --plan production --rule nightly --now --wait --idempotency-key k"))
	if o.clock.slept != 4 {
		t.Errorf("looked again %d times, want 4: it must not end before the last copy", o.clock.slept)
	}
}

func TestWaitExitsByTheResult(t *testing.T) {
	t.Parallel()
	fail := func(m *catalog.Mutation) { m.Job.Class, m.Job.Message = failure.Denied, "no such role" }
	for name, test := range map[string]struct {
		end  func(o *office)
		code int
		says string
	}{
		"completed":  {func(o *office) { o.complete(jobA); o.complete(jobB) }, 0, ""},
		"one failed": {func(o *office) { o.complete(jobA); o.move(jobB, catalog.Failed, fail) }, 3, "1 of 2 jobs completed: backup " + jobB + " is FAILED: no such role"},
		"all failed": {func(o *office) { o.move(jobA, catalog.Failed, fail); o.move(jobB, catalog.Aborted, fail) }, 1, "backup " + jobA + " is FAILED: no such role"},
		"completed with a remark": {func(o *office) {
			o.complete(jobA)
			o.move(jobB, catalog.Running, nil)
			o.move(jobB, catalog.Completed, func(m *catalog.Mutation) { m.Job.Class, m.Job.Message = failure.Busy, "tags are missing" })
		}, 3, "tags are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.insert(jobA, ordersARN, time.Hour, nil)
			o.insert(jobB, ledgerARN, time.Hour, nil)
			o.clock.onSleep = func(nth int) {
				if nth == 2 {
					test.end(o)
				}
			}
			a := o.run("jobs", "wait", strings.ToUpper(jobA), jobB)
			if a.code != test.code || !strings.Contains(a.stderr, test.says) {
				t.Errorf("exit %d, want %d: %s%s", a.code, test.code, a.stdout, a.stderr)
			}
		})
	}
}

func TestWaitAsJSONIsOneDocument(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.clock.onSleep = func(nth int) {
		if nth == 1 {
			o.move(catalog.JobID("manual", "acme", "k"), catalog.Failed, func(m *catalog.Mutation) { m.Job.Class = failure.Invalid })
		}
	}
	a := o.run("backup", "--resource", ordersARN, "--idempotency-key", "k", "--wait", "--output", "json")
	var r operator.Outcome
	if err := json.Unmarshal([]byte(a.stdout), &r); err != nil || a.code != 1 || a.stderr != "" {
		t.Fatalf("exit %d, %v: %s%s", a.code, err, a.stdout, a.stderr)
	}
	if len(r.Jobs) != 1 || r.Jobs[0].State != catalog.Failed || r.Created != 1 {
		t.Errorf("result %+v", r)
	}
}

// Waiting ends by itself, and tells who waits in vain why.
func TestWaitGivesUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.insert(jobA, ordersARN, time.Hour, nil)
	a := o.run("jobs", "wait", jobA, "--timeout", "1m")
	if a.code != 3 || !strings.Contains(a.stderr, "after 1m, 1 of 1 job has not ended") {
		t.Errorf("exit %d: %s", a.code, a.stderr)
	}
	if strings.Count(a.stderr, "no scheduler leads") != 1 {
		t.Errorf("nobody said once that no scheduler leads: %s", a.stderr)
	}
	if _, err := o.store.AcquireLease(t.Context(), "leader", "someone", time.Hour); err != nil {
		t.Fatal(err)
	}
	if a := o.run("jobs", "wait", jobA, "--timeout", "1m"); strings.Contains(a.stderr, "no scheduler") {
		t.Errorf("a leader is not seen: %s", a.stderr)
	}
}

func TestWaitInterrupted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.insert(jobA, ordersARN, time.Hour, nil)
	ctx, cancel := context.WithCancel(t.Context())
	o.clock.onSleep = func(int) { cancel() }
	var stderr strings.Builder
	code := Run(ctx, Env{
		Args: []string{"holdfast", "jobs", "wait", jobA, "--config", o.dir + "/holdfast.yaml"}, Stdin: strings.NewReader(""),
		Stdout: &strings.Builder{}, Stderr: &stderr, Clock: o.clock,
	})
	if code != 1 || !strings.Contains(stderr.String(), "no longer waiting; 1 of 1 job has not ended") {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}

// Many jobs are counted instead of named.
func TestProgressLines(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := &progressLines{w: &b, shown: map[string]string{}}
	jobs := make([]catalog.Job, maxJobLines+1)
	for i := range jobs {
		jobs[i] = catalog.Job{State: catalog.Created}
	}
	p.update(jobs)
	p.update(jobs)
	jobs[0].State, jobs[1].State = catalog.Running, catalog.Completed
	p.update(jobs)
	p.done()
	want := "21 jobs: CREATED 21\n21 jobs: CREATED 19 RUNNING 1 COMPLETED 1\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// On a terminal there is a bar; it ends when the jobs do and leaves the result on stdout.
func TestProgressBar(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.terminal = true
	o.insert(jobA, ordersARN, time.Hour, nil)
	o.clock.onSleep = func(nth int) {
		switch nth {
		case 1:
			o.move(jobA, catalog.Running, nil)
		case 2:
			o.complete(jobA)
		}
	}
	a := o.run("jobs", "wait", jobA)
	if a.code != 0 || !strings.Contains(a.stdout, jobA) || !strings.Contains(a.stdout, "COMPLETED") {
		t.Errorf("exit %d: %s%s", a.code, a.stdout, a.stderr)
	}
	if !strings.Contains(a.stderr, "1 job: RUNNING 1") {
		t.Errorf("nothing was shown on the way: %q", a.stderr)
	}
}
