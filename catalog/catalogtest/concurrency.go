package catalogtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"holdfast/catalog"
)

var concurrencyChecks = map[string]func(*testing.T, Open){
	"one-winner-per-version":          oneWinnerPerVersion,
	"planners-insert-the-same-jobs":   plannersInsertSameJobs,
	"epoch-fences-commits-in-flight":  epochFencesCommits,
	"followers-miss-no-event":         followersMissNoEvent,
	"only-the-guilty-commit-fails":    onlyGuiltyFails,
	"pages-stay-whole-while-changing": pagesStayWhole,
}

// oneWinnerPerVersion has many callers in two stores raise the attempts of a few jobs:
// whoever reads a conflict reads again. No raise may be lost or counted twice.
func oneWinnerPerVersion(t *testing.T, open Open) {
	stores, ctx := []catalog.Store{open(t), open(t)}, testContext(t)
	const callers, raises = 16, 10
	jobs := backups(0, 3)
	insert(t, stores[0], jobs...)
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			s := stores[c%2]
			for n := range raises {
				for {
					j, err := s.Job(ctx, jobs[(c+n)%3].ID)
					if err == nil {
						m, _ := catalog.Change(j, catalog.Created, epoch0, "w", func(j *catalog.Job) { j.Attempts++ })
						_, err = s.Commit(ctx, m)
					}
					if err == nil {
						break
					}
					if !errors.Is(err, catalog.ErrConflict) {
						t.Errorf("Commit: %v", err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	total := 0
	for _, j := range jobs {
		j = get(t, stores[1], j.ID)
		total += j.Attempts
		same(t, "version", int64(j.Attempts)+1, j.Version)
	}
	same(t, "attempts", callers*raises, total)
}

func plannersInsertSameJobs(t *testing.T, open Open) {
	stores, ctx := []catalog.Store{open(t), open(t)}, testContext(t)
	jobs := backups(0, 3000)
	var added atomic.Int64
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			n, err := stores[i%2].InsertJobs(ctx, jobs[i*100:])
			if err != nil {
				t.Errorf("InsertJobs: %v", err)
			}
			added.Add(int64(n))
		})
	}
	all.Wait()
	same(t, "jobs counted as new", int64(len(jobs)), added.Load())
}

// epochFencesCommits commits under the epoch from two stores while it is raised: when
// BumpEpoch has returned, the number of changed jobs must not grow any more.
func epochFencesCommits(t *testing.T, open Open) {
	stores, ctx := []catalog.Store{open(t), open(t)}, testContext(t)
	jobs := backups(0, 400)
	insert(t, stores[0], jobs...)
	epoch, err := stores[0].BumpEpoch(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	some := make(chan struct{}, len(jobs))
	for c := range 40 {
		all.Go(func() {
			for i := c * 10; i < c*10+10; i++ {
				j := jobs[i]
				j.Version = 1
				m, _ := catalog.Change(j, catalog.Running, epoch0, "w", started)
				m.RequireEpoch = epoch
				if _, err := stores[c%2].Commit(ctx, m); err != nil && !errors.Is(err, catalog.ErrStaleEpoch) {
					t.Errorf("Commit: %v", err)
				}
				some <- struct{}{}
			}
		})
	}
	for range 50 {
		<-some
	}
	if _, err := stores[1].BumpEpoch(ctx, epoch); err != nil {
		t.Fatal(err)
	}
	running := func() int {
		counts, err := stores[1].CountJobs(ctx, catalog.JobFilter{States: []catalog.State{catalog.Running}})
		if err != nil {
			t.Fatal(err)
		}
		return counts[jobs[0].Type][catalog.Running]
	}
	atBump := running()
	all.Wait()
	same(t, "commits under the old epoch after it ended", 0, running()-atBump)
	if atBump == 0 || atBump == len(jobs) {
		t.Logf("the epoch was raised with %d of %d commits done", atBump, len(jobs))
	}
}

// followersMissNoEvent follows the history by sequence number while many transactions
// append to it.
func followersMissNoEvent(t *testing.T, open Open) {
	stores, ctx := []catalog.Store{open(t), open(t)}, testContext(t)
	const writers, each = 8, 30
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				e := catalog.Event{At: epoch0, Type: "note", Actor: "w", Message: fmt.Sprintf("%d/%d", w, n)}
				if err := stores[w%2].AppendEvents(ctx, []catalog.Event{e, e, e}); err != nil {
					t.Errorf("AppendEvents: %v", err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	got, after := map[string]int{}, int64(0)
	for ended := false; ; {
		page, err := stores[0].Events(ctx, catalog.EventFilter{After: after, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			got[e.Message]++
			after = e.Seq
		}
		if ended && len(page) == 0 {
			break
		}
		select {
		case <-done:
			ended = true
		default:
		}
	}
	same(t, "events seen", writers*each, len(got))
	for message, n := range got {
		if n != 3 {
			t.Errorf("event %s was seen %d times, want 3", message, n)
		}
	}
}

// onlyGuiltyFails mixes commits that conflict, that are stale and that carry a document
// no database takes with good ones, all at once: each gets its own answer.
func onlyGuiltyFails(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 120)
	insert(t, s, jobs...)
	errs := make([]error, len(jobs))
	var all sync.WaitGroup
	for i, j := range jobs {
		j.Version = 1
		m, _ := catalog.Change(j, catalog.Running, epoch0, "w", started)
		switch i % 4 {
		case 1:
			m.Job.Version = 9
		case 2:
			m.RequireEpoch = 9
		case 3:
			m.Events[0].Data = []byte("{not json")
		}
		all.Go(func() { _, errs[i] = s.Commit(ctx, m) })
	}
	all.Wait()
	for i, err := range errs {
		stored := get(t, s, jobs[i].ID).State == catalog.Running
		switch i % 4 {
		case 0:
			fails(t, "good commit", err, nil)
		case 1:
			fails(t, "conflicting commit", err, catalog.ErrConflict)
		case 2:
			fails(t, "stale commit", err, catalog.ErrStaleEpoch)
		case 3:
			if err == nil || errors.Is(err, catalog.ErrConflict) {
				t.Errorf("commit with a broken document: error %v", err)
			}
		}
		if stored != (i%4 == 0) {
			t.Errorf("commit %d: stored %v with error %v", i, stored, err)
		}
	}
}

// pagesStayWhole lists while new jobs come in: keyset pages show every old job once.
func pagesStayWhole(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 200)
	insert(t, s, jobs...)
	got, after := map[string]int{}, ""
	for n := 1000; ; n++ {
		insert(t, s, backup(n))
		page, err := s.ListJobs(ctx, catalog.JobFilter{After: after, Limit: 17})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, j := range page {
			got[j.ID]++
		}
		after = page[len(page)-1].ID
	}
	for _, j := range jobs {
		if got[j.ID] != 1 {
			t.Errorf("job %s was listed %d times", j.ID, got[j.ID])
		}
	}
}
