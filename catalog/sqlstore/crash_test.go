package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
)

// crashFile names the catalog in the environment of the process that is to be killed.
const crashFile = "HOLDFAST_TEST_CRASH_CATALOG"

const (
	crashJobs    = 5000 // more than are committed before the kill
	crashCallers = 16
	crashAfter   = 300 // acknowledged commits
)

// TestSQLiteKeepsWhatItAcknowledged kills a process with -9 while 16 callers commit:
// after opening the file again, every commit the process had reported is there, whole.
func TestSQLiteKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	dsn := sqliteFile(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashingProcess$", "-test.v")
	cmd.Env = append(os.Environ(), crashFile+"="+dsn)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[int]bool{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "acknowledged "); ok {
			id, err := strconv.Atoi(n)
			if err != nil {
				continue // cut off by the kill
			}
			acknowledged[id] = true
		}
		if len(acknowledged) == crashAfter {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acknowledged) < crashAfter || len(acknowledged) == crashJobs {
		t.Fatalf("the process ended with %v after %d commits; want it killed on its way", err, len(acknowledged))
	}
	checkSurvivors(t, open(t, dsn), acknowledged)
}

func checkSurvivors(t *testing.T, s *sqlstore.Store, acknowledged map[int]bool) {
	t.Helper()
	ctx := t.Context()
	for n := range crashJobs {
		id := benchJob(n).ID
		j, err := s.Job(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if acknowledged[n] && j.State != catalog.Completed {
			t.Errorf("job %d was acknowledged and is %s", n, j.State)
		}
		point, err := s.Point(ctx, id)
		events, _ := s.Events(ctx, catalog.EventFilter{JobID: id})
		whole := j.State == catalog.Completed && err == nil && len(events) == 4 && point.ID == id
		none := j.State == catalog.Created && err != nil && len(events) == 1
		running := j.State == catalog.Running && err != nil && len(events) == 2
		if !whole && !none && !running {
			t.Errorf("job %d is half there: %s, point %v, %d events", n, j.State, err, len(events))
		}
	}
	m, err := catalog.Change(mustJob(t, s, crashJobs-1), catalog.Aborted, benchStart, "w", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(ctx, m); err != nil {
		t.Errorf("commit after the crash: %v", err)
	}
}

func mustJob(t *testing.T, s *sqlstore.Store, n int) catalog.Job {
	t.Helper()
	j, err := s.Job(t.Context(), benchJob(n).ID)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestCrashingProcess is the process that is killed; without its variable it does nothing.
func TestCrashingProcess(t *testing.T) {
	dsn := os.Getenv(crashFile)
	if dsn == "" {
		return
	}
	s := open(t, dsn)
	jobs := make([]catalog.Job, crashJobs)
	for n := range jobs {
		jobs[n] = benchJob(n)
	}
	if _, err := s.InsertJobs(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for c := range crashCallers {
		all.Go(func() {
			for n := c; n < crashJobs-1; n += crashCallers {
				if err := runToEnd(t.Context(), s, jobs[n]); err != nil {
					t.Errorf("job %d: %v", n, err)
					return
				}
				fmt.Printf("acknowledged %d\n", n) // one write: lines of callers do not mix
			}
		})
	}
	all.Wait()
}

func runToEnd(ctx context.Context, s *sqlstore.Store, j catalog.Job) error {
	j.Version = 1
	m, err := catalog.Change(j, catalog.Running, benchStart, "w", func(j *catalog.Job) { j.Ref = "snap-1" })
	if err != nil {
		return err
	}
	if j, err = s.Commit(ctx, m); err != nil {
		return err
	}
	if m, err = catalog.Change(j, catalog.Completed, benchStart, "w", nil); err != nil {
		return err
	}
	m.Points = []catalog.RecoveryPoint{{ID: j.ID, State: catalog.Available, ResourceARN: j.ResourceARN}}
	_, err = s.Commit(ctx, m)
	return err
}
