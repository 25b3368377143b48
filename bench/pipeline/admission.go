package main

import (
	"context"
	"errors"
	"fmt"

	"holdfast/bench/lab"

	"github.com/hibiken/asynq"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/catalog"
	"holdfast/producer"
	"holdfast/tasks"
)

// submitBatch is how many jobs the leader submits at a time.
const submitBatch = 1000

// admissionPath measures asynq with admission in front: the jobs wait in the waiting
// room, as plain asynq's wait in the queue; each is granted, enqueued, and its task enters
// and releases. All caps are far away and the dispatch window is the real one.
func admissionPath(ctx context.Context, l *rig, before results) (section, error) {
	s := section{}
	for _, n := range []int{1, servers} {
		m, err := l.admit(ctx, n)
		if err != nil {
			return nil, err
		}
		m.into(s, drainName(n))
		var wanted *aim
		if n == servers {
			wanted = &aim{AtLeast: 0.6}
		}
		s.against(before, sectionPlain, drainName(n), fmt.Sprintf("of_plain_asynq_%d_servers", n), m.rate(), wanted)
		s.against(before, sectionPlain, throughName(n), fmt.Sprintf("of_plain_asynq_through_%d_servers", n), m.rate(), nil)
	}
	return s, nil
}

// admit drains a waiting room with servers.
func (l *rig) admit(ctx context.Context, servers int) (metering, error) {
	if err := l.redis.Empty(ctx); err != nil {
		return metering{}, err
	}
	p, err := l.openRoom(ctx, admission.Snapshot{Epoch: 1, Caps: roomy(), Window: 2 * servers * concurrency})
	if err != nil {
		return metering{}, err
	}
	if err := submitAll(ctx, p, backups(l.settings.jobs, l.clock.Now())); err != nil {
		return metering{}, err
	}
	return l.metered(ctx, func(done func()) error { return l.work(ctx, p, servers, done) })
}

// work runs servers until every job was entered and released, and then calls done.
func (l *rig) work(ctx context.Context, p *producer.Producer, servers int, done func()) error {
	left := lab.NewCountdown(l.settings.jobs)
	mux := asynq.NewServeMux()
	mux.HandleFunc(tasks.TypeBackupStart, func(ctx context.Context, t *asynq.Task) error {
		return enterAndRelease(ctx, p, t, left)
	})
	stop, err := l.serve(mux, servers)
	if err != nil {
		return err
	}
	defer stop()
	err = left.Wait(ctx)
	done()
	return err
}

// openRoom opens a waiting room and returns the producer in front of it.
func (l *rig) openRoom(ctx context.Context, s admission.Snapshot) (*producer.Producer, error) {
	controller := redislimit.New(l.redis.Client, redislimit.Options{Installation: installation})
	if err := controller.Rebuild(ctx, s); err != nil {
		return nil, err
	}
	return l.producer(lab.NoCatalog{}, controller), nil
}

// producer wires a producer as a process does.
func (l *rig) producer(store producer.Store, controller admission.Controller) *producer.Producer {
	return producer.New(store, controller, func() *asynq.Client { return asynq.NewClientFromRedisClient(l.redis.Client) }, asynq.NewInspectorFromRedisClient(l.redis.Client), l.log)
}

// submitAll submits jobs as the leader does.
func submitAll(ctx context.Context, p *producer.Producer, jobs []catalog.Job) error {
	for from := 0; from < len(jobs); from += submitBatch {
		if err := p.Submit(ctx, jobs[from:min(from+submitBatch, len(jobs))], 1); err != nil {
			return err
		}
	}
	return nil
}

// enterAndRelease is a start task without the work between.
func enterAndRelease(ctx context.Context, p *producer.Producer, t *asynq.Task, left *lab.Countdown) error {
	var start tasks.Start
	if err := tasks.Decode(t.Payload(), &start); err != nil {
		return err
	}
	err := p.Enter(ctx, admission.Grant{JobID: start.JobID, Generation: start.Generation})
	if errors.Is(err, admission.ErrStale) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := p.Release(ctx, start.JobID); err != nil {
		return err
	}
	left.Add(1)
	return nil
}

// waitingRoom measures what a waiting job costs in Redis, and how fast jobs get there.
func waitingRoom(ctx context.Context, l *rig, _ results) (section, error) {
	paused := admission.Caps{"account=*": 0}
	p, err := l.openRoom(ctx, admission.Snapshot{Epoch: 1, Caps: paused, Window: 2 * servers * concurrency})
	if err != nil {
		return nil, err
	}
	jobs := backups(l.settings.resources, l.clock.Now())
	empty, err := l.redis.Memory(ctx)
	if err != nil {
		return nil, err
	}
	began := l.clock.Now()
	if err := submitAll(ctx, p, jobs); err != nil {
		return nil, err
	}
	submitted := l.rate(len(jobs), began)
	full, err := l.redis.Memory(ctx)
	each := (full - empty) / float64(len(jobs))
	return section{
		"submit":                      plain(submitted, perSecond),
		"redis_bytes_per_waiting_job": aimed(each, bytesUnit, aim{AtMost: 450}),
	}, err
}
