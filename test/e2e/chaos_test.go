package e2e

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"holdfast/internal/fleet"
	"holdfast/internal/testkit"
	"holdfast/sim"
)

const accountCap = 12

// startFleet serves a generated organization and starts a fleet on it.
func startFleet(t *testing.T, resources int) (*fleet.Fleet, *sim.Company) {
	t.Helper()
	company := serveCompany(t, resources)
	f, err := fleet.Start(t.Context(), fleet.Options{
		Binary: binary, Dir: t.TempDir(), Policy: firesSoon(company.Policy), SimulatorURL: company.url,
		Accounts: company.Accounts(), Regions: company.Regions(), Schedulers: 2, Workers: 3,
		Environ: []string{"HOLDFAST_LIMITS_ACCOUNT=12", "HOLDFAST_AWS_CALL_TIMEOUT=5s", "HOLDFAST_SCHEDULER_LEASE_TTL=5s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	t.Cleanup(func() { showLogs(t, f) })
	return f, company.Company
}

// showLogs prints the warnings of a failed test's processes.
func showLogs(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	if !t.Failed() {
		return
	}
	for _, name := range f.Names() {
		if data, err := os.ReadFile(f.LogFile(name)); err == nil {
			t.Logf("%s:\n%s", name, data[max(0, len(data)-4000):])
		}
	}
}

// TestKillsAndAnEmptiedRedisLoseNothing kills workers and schedulers with -9, empties and
// restarts Redis and loses answers of AWS while a policy runs. Nothing may be lost, made
// twice, or run above its account's cap.
func TestKillsAndAnEmptiedRedisLoseNothing(t *testing.T) {
	testkit.Integration(t)
	t.Parallel() // mostly it waits
	f, company := startFleet(t, 150)
	for _, fault := range []sim.Fault{
		{Service: "ec2", Operation: "CreateSnapshot", Effect: sim.LostAnswer, Times: 4},
		{Service: "rds", Operation: "CreateDBSnapshot", Effect: sim.LostAnswer, Times: 2},
		{Service: "dynamodb", Operation: "CreateBackup", Effect: sim.LostAnswer, Times: 2},
		{Service: "ec2", Operation: "CreateSnapshot", Effect: sim.Throttle, Times: 5},
		{Service: "ec2", Operation: "CreateSnapshot", Effect: sim.Hang, Times: 2},
	} {
		company.Inject(fault)
	}
	store := openCatalog(t, f.DSN)
	awaitFires(t, store)
	harass(t, f, 12)
	awaitEnd(t, store, 7*time.Minute)
	showSlowest(t, store)
	judge(t, store, company)
	for _, account := range company.Accounts() {
		if most := company.MaxInProgress(sim.Gauge{Account: account}); most > accountCap {
			t.Errorf("account %s had %d operations in progress at once, cap %d", account, most, accountCap)
		}
	}
	if left := company.Unfired(); len(left) > 0 {
		t.Errorf("faults that never struck: %+v", left)
	}
}

// harass does something unkind to the fleet every second or so, n times.
func harass(t *testing.T, f *fleet.Fleet, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2)) // reproducible on purpose
	for range n {
		victims := f.Names()
		switch random.IntN(6) {
		case 0:
			t.Log("redis is killed and starts again empty")
			if err := f.Redis.Restart(); err != nil {
				t.Fatal(err)
			}
		case 1:
			t.Log("redis is emptied")
			if err := f.Redis.FlushAll(); err != nil {
				t.Fatal(err)
			}
		default:
			name := victims[random.IntN(len(victims))]
			t.Log("kill -9", name)
			f.Kill(name)
			if err := f.StartProcess(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := system.Sleep(t.Context(), time.Duration(500+random.IntN(1500))*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}
