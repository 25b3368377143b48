package e2e

import (
	"testing"
	"time"

	"holdfast/internal/fleet"
	"holdfast/internal/testkit"
	"holdfast/sim"
)

// TestRedisShapes runs a policy to its end on a Cluster, and behind a sentinel whose
// master is killed in the middle: the replica takes over, admission is rebuilt, and
// nothing is lost, made twice or run above its cap.
func TestRedisShapes(t *testing.T) {
	testkit.Integration(t)
	t.Parallel()
	for _, shape := range []fleet.RedisShape{fleet.RedisCluster, fleet.RedisSentinel} {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel() // mostly it waits
			company := serveCompany(t, 24)
			f, err := fleet.Start(t.Context(), fleet.Options{
				Binary: binary, Dir: t.TempDir(), Policy: firesSoon(company.Policy), SimulatorURL: company.url, Shape: shape,
				Accounts: company.Accounts(), Regions: company.Regions(), Schedulers: 1, Workers: 2,
				Environ: []string{"HOLDFAST_LIMITS_ACCOUNT=4", "HOLDFAST_AWS_CALL_TIMEOUT=5s", "HOLDFAST_SCHEDULER_LEASE_TTL=5s"},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(f.Stop)
			t.Cleanup(func() { showLogs(t, f) })
			store := openCatalog(t, f.DSN)
			awaitFires(t, store)
			if shape == fleet.RedisSentinel {
				before, err := store.Epoch(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				testkit.Eventually(t, time.Minute, "some jobs to end", func() bool { ended, _ := counts(t, store); return ended > 2 })
				if err := f.RedisSet.Failover(); err != nil {
					t.Fatal(err)
				}
				testkit.Eventually(t, time.Minute, "a new epoch on the new master", func() bool {
					epoch, err := store.Epoch(t.Context())
					return err == nil && epoch > before
				})
			}
			awaitEnd(t, store, 5*time.Minute)
			judge(t, store, company.Company)
			for _, account := range company.Accounts() {
				if most := company.MaxInProgress(sim.Gauge{Account: account}); most > 4 {
					t.Errorf("account %s had %d operations in progress at once, cap 4", account, most)
				}
			}
		})
	}
}
