package scheduler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/engine"
	"holdfast/test/rig"
)

// goesOn are the longest times until the job of a worker killed with -9 goes on. Where AWS
// takes no token and shows nothing, a second call must wait until it would.
const (
	goesOn       = time.Minute
	goesOnUnseen = 4 * time.Minute
)

// TestJobsOfAKilledWorkerGoOn kills a worker at every step of a start, at several moments
// between two looks and repairs, and measures with the shipped times when another has the
// job at AWS.
func TestJobsOfAKilledWorkerGoOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		tokens bool
		kill   func(*leader, *asynq.TaskInfo)
		within time.Duration
	}{
		"with the task in hand":              {false, inHand, goesOn},
		"before the intent":                  {false, beforeIntent, goesOn},
		"before the call, with a token":      {true, beforeCall, goesOn},
		"before the answer, with a token":    {true, beforeAnswer, goesOn},
		"before the call, without a token":   {false, beforeCall, goesOnUnseen},
		"before the answer, without a token": {false, beforeAnswer, goesOnUnseen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var took time.Duration
			for _, since := range []time.Duration{0, time.Second, 5 * time.Second} {
				took = max(took, goesOnAfter(t, tc.tokens, since, tc.kill))
			}
			t.Logf("killed %s, its job goes on after %s", name, took)
			if took > tc.within {
				t.Errorf("the limit is %s", tc.within)
			}
		})
	}
}

// goesOnAfter kills the worker of a job that begins so long since the last look and repair,
// and returns when the job goes on.
func goesOnAfter(t *testing.T, tokens bool, since time.Duration, kill func(*leader, *asynq.TaskInfo)) time.Duration {
	t.Helper()
	l := lead(t, rig.Options{Tokens: tokens, Caps: capped(1), Wrap: func(d driver.Driver) driver.Driver {
		return tokenDriver{d, d.(driver.Copier), d.(driver.Restorer), tokens}
	}})
	job := l.NewBackup("one", l.AddResources(1)[0])
	l.Insert(job)
	l.Advance(since)
	l.do("submit")
	kill(l, l.Tasks()[0])
	took := l.untilStarted(job.ID)
	l.finishes(job.ID)
	return took
}

// tokenDriver is a driver over an AWS that knows tokens for an hour, or never.
type tokenDriver struct {
	driver.Driver
	driver.Copier
	driver.Restorer
	tokens bool
}

func (d tokenDriver) Descriptor() driver.Descriptor {
	facts := d.Driver.Descriptor()
	if d.tokens {
		facts.Repeatable = map[driver.Operation]time.Duration{driver.Backup: time.Hour}
	}
	return facts
}

// untilStarted does every second what a leader and a worker do at their shipped intervals,
// and returns when the job has its reference.
func (l *leader) untilStarted(id string) time.Duration {
	l.TB.Helper()
	killed := l.Clock.Now()
	for range 600 {
		l.Advance(time.Second)
		l.do("submit", "windows")
		if l.Clock.Now().Sub(rig.Start())%(10*time.Second) == 0 {
			l.do("looks", "repair")
		}
		l.Work(l.Engine)
		if l.Job(id).Ref != "" {
			return l.Clock.Now().Sub(killed)
		}
	}
	l.TB.Fatalf("it stands still: %+v", l.Job(id))
	return 0
}

// inHand kills the worker when it has taken the task from asynq and done nothing.
func inHand(l *leader, task *asynq.TaskInfo) {
	l.TB.Helper()
	l.Hold(task, time.Now())
}

// beforeIntent kills the worker when it has entered the grant.
func beforeIntent(l *leader, task *asynq.TaskInfo) {
	l.TB.Helper()
	l.Take(task)
	l.Must(l.Queue.Enter(l.Context(), l.Grant(task)))
}

// beforeCall kills the worker between its intent and its call.
func beforeCall(l *leader, task *asynq.TaskInfo) {
	l.TB.Helper()
	l.Take(task)
	l.dies(task, &dyingStore{Store: l.Store, after: true})
	if n := len(l.Artefacts()); n != 0 {
		l.TB.Fatalf("%d artefacts were made", n)
	}
}

// beforeAnswer kills the worker when AWS has done what it asked for.
func beforeAnswer(l *leader, task *asynq.TaskInfo) {
	l.TB.Helper()
	l.Take(task)
	l.dies(task, &dyingStore{Store: l.Store})
	if n := len(l.Artefacts()); n != 1 {
		l.TB.Fatalf("%d artefacts were made", n)
	}
}

// dies runs the task in a worker that store stops, and wants its intent to be left open.
func (l *leader) dies(task *asynq.TaskInfo, store *dyingStore) {
	l.TB.Helper()
	err := l.NewEngine("killed", store, l.Queue).Start(l.Context(), l.Grant(task))
	if job := l.Job(l.Grant(task).JobID); !errors.Is(err, errKilled) || !job.IntentOpen() {
		l.TB.Fatalf("the worker ends with %v and leaves %+v", err, job)
	}
}

var errKilled = errors.New("killed")

// dyingStore is the catalog of a worker that is killed right after it has written its
// intent, or else before it writes anything more.
type dyingStore struct {
	engine.Store
	after  bool
	intent bool
}

func (s *dyingStore) Commit(ctx context.Context, m catalog.Mutation) (catalog.Job, error) {
	if s.intent {
		return catalog.Job{}, errKilled
	}
	s.intent = true
	job, err := s.Store.Commit(ctx, m)
	if err == nil && s.after {
		err = errKilled
	}
	return job, err
}
