package main

import (
	"context"
	"fmt"
	"time"

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
func plainAsynq(ctx context.Context, l *lab, _ results) (section, error) {
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
		rate, err := l.drain(ctx, n)
		if err != nil {
			return nil, err
		}
		s[drainName(n)] = plain(rate, perSecond)
	}
	return s, nil
}

func drainName(servers int) string { return fmt.Sprintf("drain_%d_servers", servers) }

// enqueue empties Redis, enqueues n start tasks and returns how many a second.
func (l *lab) enqueue(ctx context.Context, n, goroutines int) (float64, error) {
	if err := l.redis.FlushAll(); err != nil {
		return 0, err
	}
	client := asynq.NewClientFromRedisClient(l.client)
	began := l.clock.Now()
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
	err := group.Wait()
	return l.rate(n, began), err
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

// drain runs servers until every enqueued task is done.
func (l *lab) drain(ctx context.Context, servers int) (float64, error) {
	left := newCountdown(l.settings.jobs)
	mux := asynq.NewServeMux()
	mux.HandleFunc(tasks.TypeBackupStart, func(context.Context, *asynq.Task) error {
		left.add(1)
		return nil
	})
	began := l.clock.Now()
	stop, err := l.serve(mux, servers)
	if err != nil {
		return 0, err
	}
	defer stop()
	err = left.wait(ctx)
	return l.rate(l.settings.jobs, began), err
}

// serve starts servers for the queue of backups and returns how to stop them.
func (l *lab) serve(mux *asynq.ServeMux, servers int) (stop func(), err error) {
	var running []*asynq.Server
	stop = func() {
		for _, s := range running {
			s.Shutdown()
		}
	}
	for range servers {
		s := asynq.NewServerFromRedisClient(l.client, asynq.Config{
			Concurrency: concurrency, Queues: map[string]int{tasks.QueueBackup: 1},
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
