package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/catalog"
	"holdfast/internal/testkit"
	"holdfast/producer"
)

// busyOffice is an installation whose leader leads and whose account 111122223333 may run
// one operation, which jobA does since twenty minutes. jobB and jobC wait; jobB is of the
// same resource as jobA.
func busyOffice(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	_, err := o.store.AcquireLease(t.Context(), "leader", "host/1/aa", time.Hour)
	o.must(err)
	_, err = o.store.SetCap(t.Context(), "account=111122223333", 1, "bob", -1)
	o.must(err)
	o.insert(jobD, ordersARN, 48*time.Hour, nil)
	o.move(jobD, catalog.Running, nil)
	o.clock.now = noon.Add(15 * time.Minute)
	o.complete(jobD) // a backup takes a quarter of an hour
	o.insert(jobA, ordersARN, time.Hour, nil)
	o.move(jobA, catalog.Running, nil)
	o.clock.now = noon.Add(35 * time.Minute)
	for _, waits := range []struct{ id, arn string }{{jobB, ordersARN}, {jobC, ledgerARN}} {
		job := o.insert(waits.id, waits.arn, 50*time.Minute, nil)
		o.must(o.store.MarkSubmitted(t.Context(), []catalog.Job{job}, 1))
	}
	return o
}

func TestJobsShowSaysWhyAJobWaits(t *testing.T) {
	t.Parallel()
	o := busyOffice(t)
	o.transcript("jobs_waiting", say("jobs show "+jobB), say("jobs show "+jobC+" --output json"))
	_, err := o.store.SetCap(t.Context(), "account=111122223333", 0, "bob", -1)
	o.must(err)
	o.says(jobB, "account=111122223333 is paused: bob set account=111122223333 to 0")
	o.must(o.store.SetBreaker(t.Context(), catalog.Breaker{
		Account: "111122223333", OpenSince: noon, ProbeAt: noon.Add(time.Hour), Failures: 5, Message: "AccessDenied",
	}, "worker-1"))
	o.says(jobB, "starts nothing since 2026-05-05T12:00:00Z because its role fails (AccessDenied)")
	o.write("holdfast.yaml", strings.NewReplacer(`"111122223333", `, "", `, units: ["111122223333=production"]`, "").Replace(fmt.Sprintf(officeConfig, o.dir)))
	o.must(o.store.SetBreaker(t.Context(), catalog.Breaker{Account: "111122223333"}, "worker-1"))
	o.says(jobB, "account 111122223333 no longer belongs to the installation")
}

// inProduction puts every account where the office's configuration puts the first.
func inProduction(string) []string { return []string{"production"} }

// says checks that jobs show says text of a job.
func (o *office) says(id, text string) {
	o.t.Helper()
	if a := o.run("jobs", "show", id); a.code != codeDone || !strings.Contains(a.stdout, text) {
		o.t.Errorf("exit %d, want 0 and %q:\n%s%s", a.code, text, a.stdout, a.stderr)
	}
}

// With a Redis that can be asked, limits show knows who is next and jobs show the place.
func TestWaitingIsSeenInRedis(t *testing.T) {
	t.Parallel()
	o := busyOffice(t)
	server := testkit.Miniredis(t)
	o.write("holdfast.yaml", fmt.Sprintf(officeConfig, o.dir)+"redis: {mode: single, addresses: ['"+server.Addr()+"']}\n")
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	c := redislimit.New(client, redislimit.Options{Installation: "acme"})
	running := producer.NewRequest(o.job(jobA), inProduction)
	o.must(c.Rebuild(t.Context(), admission.Snapshot{
		Epoch: 1, Caps: admission.Caps{"account=111122223333": 1, "account=*": 40}, Window: 64,
		Holders: []admission.Holder{{JobID: jobA, Group: running.Group, Keys: append(running.Keys, running.Resource), Since: noon, Entered: true}},
	}))
	_, err := c.Submit(t.Context(), []admission.Request{producer.NewRequest(o.job(jobB), inProduction), producer.NewRequest(o.job(jobC), inProduction)})
	o.must(err)
	o.transcript("waiting_redis", say("limits show"), say("jobs show "+jobC))
}
