package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/bench/lab"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/policy"
	"holdfast/tasks"
)

// planningPolicy has one rule that takes every volume.
const planningPolicy = `plans:
  - name: gold
    rules:
      - name: daily
        schedule_expression: cron(0 2 * * ? *)
        start_window_minutes: 480
        target_backup_vault_name: default
    selections:
      - name: everything
        resources: ["*"]
`

// The rule is first seen before it is due, and the clock jumps to the fire when the
// leader is ready: a slow machine must not sleep through it.
var (
	beforeTheFire = time.Date(2026, time.March, 3, 1, 0, 0, 0, time.UTC)
	theFire       = time.Date(2026, time.March, 3, 2, 0, 0, 0, time.UTC)
)

// pollEvery is how often the end of planning is asked for.
const pollEvery = 10 * time.Millisecond

// pendingKey is where asynq keeps what waits for a worker. Its inspector would sample the
// memory of every task at each question.
const pendingKey = "asynq:{" + tasks.QueueStart + "}:pending"

// watched tells when planning began: when the inventory is first read.
type watched struct {
	catalog.Store
	once  sync.Once
	began chan struct{}
}

// Resources notes that planning has begun.
func (w *watched) Resources(ctx context.Context, f catalog.ResourceFilter, yield func(catalog.InventoryItem) error) error {
	w.once.Do(func() { close(w.began) })
	return w.Store.Resources(ctx, f, yield)
}

func planningSQLite(ctx context.Context, l *rig, before results) (section, error) {
	return l.planning(ctx, before, false)
}

func planningPostgres(ctx context.Context, l *rig, before results) (section, error) {
	return l.planning(ctx, before, true)
}

// planning measures a scheduler from the first look into the inventory to the last start
// task in the queue. Caps and the dispatch window let everything through and no worker
// runs: what leaves the queue would hide what enters it.
func (l *rig) planning(ctx context.Context, before results, postgres bool) (_ section, err error) {
	slow := clock.Scaled(beforeTheFire, 1)
	store, err := l.catalog(ctx, slow, postgres)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := stock(ctx, store, volumes(l.settings.resources), beforeTheFire); err != nil {
		return nil, err
	}
	if _, err := store.SeeRule(ctx, "gold", "daily", beforeTheFire); err != nil {
		return nil, err
	}
	set, result := policy.Compile([]policy.File{{Name: "bench.yaml", Data: []byte(planningPolicy)}}, nil)
	if set == nil {
		return nil, fmt.Errorf("the policy has problems: %v", result.Problems)
	}
	w := &watched{Store: lab.Leading{Store: store, Clock: slow}, began: make(chan struct{})}
	p := &plant{
		rig: l, tick: fastTick, clock: slow, speed: 1, store: w, drivers: driver.NewRegistry(instant{}),
		caps: roomy(), accounts: allAccounts(), regions: regions, policy: set, concurrency: noLimit,
	}
	p.wire()
	var rate float64
	err = p.run(ctx, 0, func(ctx context.Context) (err error) {
		if err := p.ready(ctx); err != nil {
			return err
		}
		slow.JumpTo(theFire)
		rate, err = l.planned(ctx, w)
		return err
	})
	s := section{"jobs": aimed(rate, perSecond, aim{AtLeast: 15_000})}
	s.against(before, sectionPlain, "enqueue_64", "of_plain_enqueue_64", rate, nil)
	s.against(before, sectionPlain, "enqueue_1", "of_plain_enqueue_1", rate, nil)
	return s, err
}

// planned waits until every resource has a task and returns how many a second got one.
func (l *rig) planned(ctx context.Context, w *watched) (float64, error) {
	select {
	case <-w.began:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	began := l.clock.Now()
	for {
		pending, err := l.redis.Client.LLen(ctx, pendingKey).Result()
		if err != nil {
			return 0, fmt.Errorf("ask for the queue: %w", err)
		}
		if pending >= int64(l.settings.resources) {
			return l.rate(l.settings.resources, began), nil
		}
		if err := l.clock.Sleep(ctx, pollEvery); err != nil {
			return 0, err
		}
	}
}
