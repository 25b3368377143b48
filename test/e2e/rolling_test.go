package e2e

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/fleet"
	"holdfast/internal/testkit"
	"holdfast/sim"
)

// stopsWithin is how long a process may take from SIGTERM to its exit: the shipped
// worker.shutdown_timeout and a moment to close its stores.
const stopsWithin = 40 * time.Second

// TestARollingRestartLosesNothing replaces every process of a fleet twice, one after
// another, as an upgrade does, while a policy runs. The first to be told to stop is in the
// middle of calls to AWS that hang. Every process must end by itself within the deadline,
// and nothing may be lost, made twice or run above its cap.
func TestARollingRestartLosesNothing(t *testing.T) {
	testkit.Integration(t)
	t.Parallel() // mostly it waits
	f, company := startFleet(t, 120)
	for _, fault := range []sim.Fault{
		{Service: "ec2", Operation: "CreateSnapshot", Effect: sim.Hang, Times: 3},
		{Service: "rds", Operation: "CreateDBSnapshot", Effect: sim.Hang, Times: 2},
		{Service: "ec2", Operation: "CreateSnapshot", Effect: sim.LostAnswer, Times: 2},
	} {
		company.Inject(fault)
	}
	store := openCatalog(t, f.DSN)
	awaitFires(t, store)
	busy, hanging := awaitHanging(t, f, store)
	t.Logf("%s is told to stop with %d calls open and ends within %s", busy, len(hanging), restart(t, f, busy).Round(time.Millisecond))
	inWork := 0
	for range 2 {
		for _, name := range f.Names() {
			if ended, total := counts(t, store); ended < total {
				inWork++
			}
			restart(t, f, name)
		}
	}
	if inWork < len(f.Names()) {
		t.Errorf("only %d restarts were in the middle of work", inWork)
	}
	awaitEnd(t, store, 5*time.Minute)
	judge(t, store, company)
	for _, account := range company.Accounts() {
		if most := company.MaxInProgress(sim.Gauge{Account: account}); most > accountCap {
			t.Errorf("account %s had %d operations in progress at once, cap %d", account, most, accountCap)
		}
	}
}

// restart tells a process to stop, waits until it has ended, which it must within the
// deadline and with a farewell, starts it again and returns how long it took to end.
func restart(t *testing.T, f *fleet.Fleet, name string) time.Duration {
	t.Helper()
	began := system.Now()
	f.Signal(name, syscall.SIGTERM)
	testkit.Eventually(t, 2*stopsWithin, name+" to end", func() bool { return slices.Contains(f.Ended(), name) })
	took := system.Now().Sub(began)
	if took > stopsWithin {
		t.Errorf("%s took %s to end, the limit is %s", name, took, stopsWithin)
	}
	checkFarewell(t, f.LogFile(name))
	if err := f.StartProcess(name); err != nil {
		t.Fatal(err)
	}
	return took
}

// checkFarewell wants the log of a process that was told to stop to end with its farewell.
func checkFarewell(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, `"message":"stopped"`) {
		t.Errorf("%s ends with %s", file, last)
	}
}
