package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/internal/fleet"
	"holdfast/internal/testkit"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	// stopped is how long a process is stopped in its tracks: longer than asynq's lease of
	// 30 s, the leader's lease and an intent, which are 5 s here.
	stopped = 90 * time.Second
	// goesOnWithin is how long a backup may stand still whose worker was killed during a
	// call that never reached AWS. No kind here takes a token, and before another call is
	// made AWS has two minutes to show what the first may have begun. The limits for the
	// other moments of a start are measured with the shipped times by the scheduler's
	// TestJobsOfAKilledWorkerGoOn.
	goesOnWithin = 4 * time.Minute
)

// TestStoppedProcessesAndFlushesLoseNothing kills a worker during its calls and measures
// when its jobs go on. Meanwhile a worker and a scheduler are stopped in their tracks until
// everybody takes them for dead, and then go on; Redis forgets its scripts, is emptied and
// restarted. Nothing may be lost, made twice or run above its cap.
func TestStoppedProcessesAndFlushesLoseNothing(t *testing.T) {
	testkit.Integration(t)
	t.Parallel() // mostly it waits
	f, company := startFleet(t, 90)
	for _, call := range []struct{ service, operation string }{
		{"ec2", "CreateSnapshot"}, {"rds", "CreateDBSnapshot"}, {"dynamodb", "CreateBackup"},
	} {
		company.Inject(sim.Fault{Service: call.service, Operation: call.operation, Effect: sim.Hang, Times: 2})
	}
	store := openCatalog(t, f.DSN)
	awaitFires(t, store)
	victim, hanging := awaitHanging(t, f, store)
	killed := system.Now()
	f.Kill(victim)
	t.Logf("kill -9 %s, which had %d calls open", victim, len(hanging))
	if err := f.StartProcess(victim); err != nil {
		t.Fatal(err)
	}
	frozen := []string{otherWorker(victim), "scheduler-1"}
	signalAll(f, frozen, syscall.SIGSTOP)
	for _, fault := range []struct {
		name string
		do   func() error
	}{
		{"SCRIPT FLUSH", f.Redis.FlushScripts}, {"FLUSHALL", f.Redis.FlushAll}, {"restart", f.Redis.Restart},
	} {
		sleep(t, stopped/4)
		t.Logf("redis: %s", fault.name)
		if err := fault.do(); err != nil {
			t.Fatal(err)
		}
	}
	sleep(t, stopped/4)
	signalAll(f, frozen, syscall.SIGCONT)
	measureRecovery(t, store, hanging, killed)
	awaitEnd(t, store, 4*time.Minute)
	judge(t, store, company)
	for _, account := range company.Accounts() {
		if most := company.MaxInProgress(sim.Gauge{Account: account}); most > accountCap {
			t.Errorf("account %s had %d operations in progress at once, cap %d", account, most, accountCap)
		}
	}
}

func signalAll(f *fleet.Fleet, names []string, sig syscall.Signal) {
	for _, name := range names {
		f.Signal(name, sig)
	}
}

func otherWorker(name string) string {
	if name == "worker-1" {
		return "worker-2"
	}
	return "worker-1"
}

// awaitHanging waits until a worker has calls open that hang, and returns it and their jobs.
func awaitHanging(t *testing.T, f *fleet.Fleet, store catalog.Store) (worker string, jobs []catalog.Job) {
	t.Helper()
	testkit.Eventually(t, 2*time.Minute, "a worker in the middle of calls", func() bool {
		holders, err := store.Holders(t.Context(), "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		open := map[string][]catalog.Job{}
		for _, name := range f.Names() {
			for _, job := range holders {
				mine := strings.Contains(job.IntentOwner, fmt.Sprintf("/%d/", f.PID(name)))
				if mine && job.IntentOpen() && system.Now().Sub(job.IntentUntil) > -4*time.Second {
					open[name] = append(open[name], job)
				}
			}
			if len(open[name]) > len(jobs) {
				worker, jobs = name, open[name]
			}
		}
		return len(jobs) > 0
	})
	return worker, jobs
}

// measureRecovery waits until every job has its reference or has ended, and logs when the
// last of each kind did.
func measureRecovery(t *testing.T, store catalog.Store, jobs []catalog.Job, killed time.Time) {
	t.Helper()
	ids := make([]string, len(jobs))
	for i, job := range jobs {
		ids[i] = job.ID
	}
	slowest := map[resource.Kind]time.Duration{}
	testkit.Eventually(t, 5*time.Minute, "the killed worker's jobs to go on", func() bool {
		now, err := store.JobsByID(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		standing := 0
		for _, job := range jobs {
			current := now[job.ID]
			switch {
			case current.Ref == "" && !current.State.Terminal():
				standing++
			case !current.StartedAt.IsZero():
				slowest[job.Kind] = max(slowest[job.Kind], current.StartedAt.Sub(killed))
			}
		}
		return standing == 0
	})
	for kind, took := range slowest {
		t.Logf("after kill -9 in the middle of its call, the last %s job went on after %s", kind, took.Round(time.Second))
		if took > goesOnWithin {
			t.Errorf("%s: the limit is %s", kind, goesOnWithin)
		}
	}
}
