package main

import (
	"context"
	"fmt"
	"time"

	"holdfast/bench/lab"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"

	"holdfast/driver"
	"holdfast/tasks"
)

// taskCheckInterval is the workers' own setting.
const taskCheckInterval = 100 * time.Millisecond

// enqueuers is how many goroutines enqueue where it shall go fast.
const enqueuers = 64

// plainAsynq measures asynq alone: what one queue can do with tasks of the same size and
// options that do nothing.
func plainAsynq(ctx context.Context, l *rig, _ results) (section, error) {
	s := section{}
	few := max(l.settings.jobs/4, 1) // one goroutine is slow
	for name, n := range map[string]int{"enqueue_1": few, "enqueue_64": l.settings.jobs} {
		goroutines := enqueuers
		if name == "enqueue_1" {
			goroutines = 1
		}
		rate, err := l.enqueue(ctx, n, goroutines)
		if err != nil {
			return nil, err
		}
		s[name] = plain(rate, perSecond)
	}
	for _, n := range []int{1, servers} {
		if _, err := l.enqueue(ctx, l.settings.jobs, enqueuers); err != nil {
			return nil, err
		}
		m, err := l.metered(ctx, func(done func()) error { return l.drain(ctx, n, nothing, done) })
		if err != nil {
			return nil, err
		}
		m.into(s, drainName(n))
		if m, err = l.metered(ctx, func(done func()) error { return l.through(ctx, n, done) }); err != nil {
			return nil, err
		}
		m.into(s, throughName(n))
	}
	return s, nil
}

func drainName(servers int) string { return fmt.Sprintf("drain_%d_servers", servers) }

func throughName(servers int) string { return fmt.Sprintf("through_%d_servers", servers) }

// through empties Redis and measures asynq with its enqueues: tasks are enqueued while
// servers drain them. Admission enqueues while it drains too, so this is its ceiling.
func (l *rig) through(ctx context.Context, servers int, done func()) error {
	if err := l.redis.Empty(ctx); err != nil {
		return err
	}
	return l.drain(ctx, servers, func(ctx context.Context) error {
		return l.enqueueAll(ctx, l.settings.jobs, enqueuers)
	}, done)
}

func nothing(context.Context) error { return nil }

// enqueue empties Redis, enqueues n start tasks and returns how many a second.
func (l *rig) enqueue(ctx context.Context, n, goroutines int) (float64, error) {
	if err := l.redis.Empty(ctx); err != nil {
		return 0, err
	}
	began := l.clock.Now()
	err := l.enqueueAll(ctx, n, goroutines)
	return l.rate(n, began), err
}

func (l *rig) enqueueAll(ctx context.Context, n, goroutines int) error {
	client := asynq.NewClientFromRedisClient(l.redis.Client)
	group, ctx := errgroup.WithContext(ctx)
	for g := range goroutines {
		group.Go(func() error {
			for i := g; i < n; i += goroutines {
				if err := put(ctx, client, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// put enqueues the task of job i as the producer would.
func put(ctx context.Context, client *asynq.Client, i int) error {
	t, err := tasks.NewStart(driver.Backup, jobID(i), 1_000_000_000)
	if err != nil {
		return err
	}
	_, err = client.EnqueueContext(ctx, asynq.NewTask(t.Type, t.Payload), asynq.TaskID(t.ID), asynq.Queue(t.Queue),
		asynq.MaxRetry(t.MaxRetry), asynq.Timeout(t.Timeout), asynq.Retention(t.Retention))
	return err
}

// drain runs servers, and feed beside them, until as many tasks as there are jobs are
// done, and then calls done.
func (l *rig) drain(ctx context.Context, servers int, feed func(context.Context) error, done func()) error {
	left := lab.NewCountdown(l.settings.jobs)
	mux := asynq.NewServeMux()
	mux.HandleFunc(tasks.TypeBackupStart, func(context.Context, *asynq.Task) error {
		left.Add(1)
		return nil
	})
	stop, err := l.serve(mux, servers)
	if err != nil {
		return err
	}
	defer stop()
	if err := feed(ctx); err != nil {
		return err
	}
	err = left.Wait(ctx)
	done()
	return err
}

// serve starts servers for the queue of backups and returns how to stop them.
func (l *rig) serve(mux *asynq.ServeMux, servers int) (stop func(), err error) {
	var running []*asynq.Server
	stop = func() {
		for _, s := range running {
			s.Shutdown()
		}
	}
	for range servers {
		s := asynq.NewServerFromRedisClient(l.redis.Client, asynq.Config{
			Concurrency: concurrency, Queues: map[string]int{tasks.QueueStart: 1},
			TaskCheckInterval: taskCheckInterval, LogLevel: asynq.ErrorLevel,
		})
		if err := s.Start(mux); err != nil {
			stop()
			return nil, fmt.Errorf("start asynq server: %w", err)
		}
		running = append(running, s)
	}
	return stop, nil
}
