package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/bench/lab"
	"holdfast/catalog"
	"holdfast/producer"
)

const (
	installation = "bench"
	// submitBatch is how many jobs the leader submits at a time.
	submitBatch = 1000
	// leaderTick is how often it pumps what a bounded call left.
	leaderTick = time.Second
	firstEpoch = 1
)

// holdfast is admission in front of asynq: a task is enqueued when its job has a slot, and
// the slot is handed over when the operation has ended.
type holdfast struct {
	g          *ground
	controller *redislimit.Controller
	producer   *producer.Producer
}

func newHoldfast(g *ground) *holdfast {
	h := &holdfast{g: g, controller: redislimit.New(g.redis.Client, redislimit.Options{Installation: installation})}
	h.producer = g.producer(lab.NoCatalog{}, h.controller)
	return h
}

// producer wires a producer as a process does.
func (g *ground) producer(store producer.Store, controller admission.Controller) *producer.Producer {
	newClient := func() *asynq.Client { return asynq.NewClientFromRedisClient(g.redis.Client) }
	return producer.New(store, controller, newClient, asynq.NewInspectorFromRedisClient(g.redis.Client), g.log)
}

// capsOf are the caps of a load.
func capsOf(l load) admission.Caps {
	return admission.Caps{admission.NewKey(producer.DimensionAccount, "*"): l.slots}
}

// fill submits the jobs while the dispatch window lets nobody through.
func (h *holdfast) fill(ctx context.Context, t *tally) error {
	err := h.controller.Rebuild(ctx, admission.Snapshot{Epoch: firstEpoch, Caps: capsOf(t.load)})
	if err != nil {
		return err
	}
	return submit(ctx, h.producer, t.load.works)
}

// submit submits jobs as the leader does.
func submit(ctx context.Context, p *producer.Producer, works []work) error {
	for from := 0; from < len(works); from += submitBatch {
		batch := works[from:min(from+submitBatch, len(works))]
		jobs := make([]catalog.Job, len(batch))
		for i, w := range batch {
			jobs[i] = w.job
		}
		if err := p.Submit(ctx, jobs, firstEpoch); err != nil {
			return err
		}
	}
	return nil
}

func (h *holdfast) work(ctx context.Context, t *tally) error {
	leading := make(chan error, 1)
	go func() { leading <- h.lead(ctx, 2*t.load.servers*t.load.handlers) }()
	err := h.g.serve(ctx, t, asynq.Config{}, h.handle)
	return errors.Join(err, <-leading)
}

// handle is a start task whose operation ends within it.
func (h *holdfast) handle(ctx context.Context, t *tally, w work) error {
	err := h.producer.Enter(ctx, admission.Grant{JobID: w.job.ID, Generation: generationOf(ctx)})
	if errors.Is(err, admission.ErrStale) {
		t.attempts.Add(1)
		return nil
	}
	if err != nil {
		return fmt.Errorf("enter: %w", err)
	}
	if err := h.g.operate(ctx, t, w); err != nil {
		return err
	}
	return h.producer.Release(ctx, w.job.ID)
}

// lead does what the leader does for admission once a second, after it has set the window
// to twice what the workers can take.
func (h *holdfast) lead(ctx context.Context, window int) error {
	grants, err := h.controller.SetWindow(ctx, window)
	if err != nil {
		return endedBy(ctx, err)
	}
	if err := h.producer.Enqueue(ctx, grants); err != nil {
		return endedBy(ctx, err)
	}
	for {
		for {
			grants, err := h.controller.Pump(ctx)
			if err != nil {
				return endedBy(ctx, err)
			}
			if err := h.producer.Enqueue(ctx, grants); err != nil {
				return endedBy(ctx, err)
			}
			if len(grants) < admission.MaxGrants {
				break
			}
		}
		if err := h.g.clock.Sleep(ctx, leaderTick); err != nil {
			return endedBy(ctx, err)
		}
	}
}

// endedBy drops an error that comes from ctx having ended.
func endedBy(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}
