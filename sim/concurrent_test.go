package sim_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"

	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// Many accounts at once, locally and over the wire, with random faults: the counts add up
// and what happens in an account depends on the seed alone.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	accounts := []string{"100000000001", "100000000002", "100000000003", "100000000004"}
	run := func() map[string][]string {
		w := newWorld(t, sim.Options{Accounts: accounts, Seed: 5, Rates: sim.Rates{ServerError: 0.05, FailLater: 0.2}})
		remote := sim.Dial(serve(t, w))
		var done sync.WaitGroup
		for n, a := range accounts {
			cfg := config(t, w.Provider(), a, home)
			if n%2 == 1 {
				cfg = config(t, remote, a, home)
				cfg.Retryer = config(t, w.Provider(), a, home).Retryer
			}
			c := ec2.NewFromConfig(cfg)
			done.Go(func() {
				for i := range 20 {
					arn, err := w.Create(sim.Blueprint{Kind: resource.EBS, Account: a, Region: home, Name: fmt.Sprint(i)})
					if err != nil {
						t.Error(err)
						return
					}
					id := arn[strings.LastIndexByte(arn, '/')+1:]
					if _, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &id}); err != nil {
						t.Error(err)
					}
					if _, err := c.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done.Wait()
		if got := w.Calls()["ec2:CreateSnapshot"]; got != 80 {
			t.Errorf("%d snapshots accepted, want 80", got)
		}
		if got := w.MaxInProgress(sim.Gauge{}); got != 80 {
			t.Errorf("at most %d at once, want 80", got)
		}
		w.clock.Advance(time.Hour)
		states := map[string][]string{}
		for _, a := range w.Artefacts() {
			states[a.Place.Account] = append(states[a.Place.Account], fmt.Sprint(a.ID, a.Failed))
		}
		return states
	}
	if diff := cmp.Diff(run(), run()); diff != "" {
		t.Errorf("the same seed ended otherwise: %s", diff)
	}
}

// Operations follow a scaled clock without anything waking them.
func TestScaledClock(t *testing.T) {
	t.Parallel()
	org, err := sim.New(sim.Options{Clock: clock.Scaled(start, 100_000)})
	if err != nil {
		t.Fatal(err)
	}
	w := world{Organization: org}
	arn := w.create(t, sim.Blueprint{Kind: resource.EBS})
	c := ec2.NewFromConfig(config(t, w.Provider(), account, home))
	id := arn[strings.LastIndexByte(arn, '/')+1:]
	if _, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &id}); err != nil {
		t.Fatal(err)
	}
	for deadline := start.Add(10 * time.Hour); org.Now().Before(deadline); {
		out, err := c.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{})
		if err != nil {
			t.Fatal(err)
		}
		if out.Snapshots[0].State == "completed" {
			return
		}
	}
	t.Error("not completed after ten hours")
}
