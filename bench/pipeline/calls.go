package main

import (
	"context"
	"errors"
	"fmt"

	"holdfast/bench/lab"

	"holdfast/admission"
	"holdfast/admission/redisbudget"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver/all"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// The night whose calls are counted: all of it in one account and region, with 500
// snapshots in flight, on simulated EBS. The clock is slow enough that a tick of the
// leader is a few of its seconds.
const (
	inFlight  = 500
	callJobs  = 2000
	callSpeed = 50
	volumeGiB = 100
	startCall = "ec2:CreateSnapshot"
	lookCall  = "ec2:DescribeSnapshots"
)

// awsCalls counts start and look calls per completed backup.
func awsCalls(ctx context.Context, l *rig, _ results) (_ section, err error) {
	fast := clock.Scaled(beforeTheFire, callSpeed)
	scope := scopeOf(0)
	org, err := sim.New(sim.Options{Clock: fast, Accounts: []string{scope.Account}, Regions: []string{scope.Region}, RetryBackoff: fastTick})
	if err != nil {
		return nil, err
	}
	store, err := l.catalog(ctx, fast, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	left := lab.NewCountdown(callJobs)
	p := &plant{
		rig: l, tick: fastTick, clock: fast, speed: callSpeed, store: lab.Leading{Store: store, Clock: fast}, drivers: all.New(l.pacer(fast).Provider(org.Provider())),
		caps:     admission.Caps{"account=*": inFlight},
		accounts: org.Accounts(), regions: org.Regions(), onEnd: func(catalog.Job) { left.Add(1) },
	}
	p.wire()
	jobs, err := p.simulatedJobs(ctx, org, scope)
	if err != nil {
		return nil, err
	}
	err = p.run(ctx, servers, func(ctx context.Context) error {
		if _, err := store.InsertJobs(ctx, jobs); err != nil {
			return err
		}
		return left.Wait(ctx)
	})
	if err != nil {
		return nil, err
	}
	return countCalls(org), check(ctx, store, callJobs)
}

// pacer paces calls with the shipped budgets.
func (l *rig) pacer(fast clock.Clock) *awssession.Pacer {
	return awssession.NewPacer(awssession.PacerOptions{
		Limiter:  redisbudget.New(l.redis.Client, redisbudget.Options{Installation: installation}),
		Settings: config.Default().Budgets.Settings(), Clock: fast, Speed: callSpeed,
	})
}

// simulatedJobs creates volumes, discovers them and returns a backup job for each.
func (p *plant) simulatedJobs(ctx context.Context, org *sim.Organization, scope resource.Scope) ([]catalog.Job, error) {
	for range callJobs {
		_, err := org.Create(sim.Blueprint{Account: scope.Account, Region: scope.Region, Kind: resource.EBS, SizeGiB: volumeGiB})
		if err != nil {
			return nil, err
		}
	}
	listing := catalog.InventoryScope{Partition: scope.Partition, Account: scope.Account, Region: scope.Region, Kind: resource.EBS}
	if err := p.engine.SyncInventory(ctx, listing); err != nil {
		return nil, err
	}
	var jobs []catalog.Job
	err := p.store.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		jobs = append(jobs, catalog.NewBackup(jobID(len(jobs)), item.Resource, scope.Partition, "bench", p.clock.Now()))
		return nil
	})
	if err == nil && len(jobs) != callJobs {
		err = fmt.Errorf("%d of %d volumes were discovered", len(jobs), callJobs)
	}
	return jobs, err
}

// countCalls reads the simulated AWS' own ledger. AWS also sees the calls it refuses for
// their rate, so both counts are held against the aim.
func countCalls(org *sim.Organization) section {
	accepted, throttled := org.Calls(), org.Throttled()
	per := func(n int) float64 { return float64(n) / callJobs }
	both := per(accepted[startCall] + accepted[lookCall])
	refused := per(throttled[startCall] + throttled[lookCall])
	return section{
		"start_calls_per_backup":     plain(per(accepted[startCall]), callsUnit),
		"look_calls_per_backup":      plain(per(accepted[lookCall]), callsUnit),
		"calls_per_backup":           aimed(both, callsUnit, aim{AtMost: 1.3}),
		"throttled_calls_per_backup": plain(refused, callsUnit),
		"sent_calls_per_backup":      aimed(both+refused, callsUnit, aim{AtMost: 1.3}),
	}
}
