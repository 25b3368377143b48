package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynq/x/rate"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"holdfast/driver"
	"holdfast/tasks"
)

const (
	// taskCheckInterval is the workers' own setting.
	taskCheckInterval = 100 * time.Millisecond
	// enqueuers is how many goroutines enqueue.
	enqueuers = 64
	// retryAfter is when a task that got no token is tried again. asynq's example says 30 s.
	retryAfter = time.Second
	// retries never run out within a benchmark.
	retries = 1 << 20
	// firstGeneration is that of a task nobody granted.
	firstGeneration = 1_000_000_000
)

// plainAsynq is asynq without caps: a task is the operation.
type plainAsynq struct{ g *ground }

func (p plainAsynq) fill(ctx context.Context, t *tally) error { return p.g.enqueue(ctx, t) }

func (p plainAsynq) work(ctx context.Context, t *tally) error {
	return p.g.serve(ctx, t, asynq.Config{}, p.g.operate)
}

// semaphore is asynq with the semaphore of its extras, one for each account, and a retry
// each second.
type semaphore struct{ g *ground }

func (s semaphore) fill(ctx context.Context, t *tally) error { return s.g.enqueue(ctx, t) }

// errNoToken says that the account's tokens are all taken.
var errNoToken = errors.New("no token is free")

func (s semaphore) work(ctx context.Context, t *tally) error {
	tokens := map[string]*rate.Semaphore{}
	for _, w := range t.load.works {
		if tokens[w.job.Account] == nil {
			tokens[w.job.Account] = rate.NewSemaphore(shared{s.g.redis.Client}, "account-"+w.job.Account, t.load.slots)
		}
	}
	config := asynq.Config{
		IsFailure:      func(err error) bool { return !errors.Is(err, errNoToken) },
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return retryAfter },
	}
	return s.g.serve(ctx, t, config, func(ctx context.Context, t *tally, w work) error {
		token := tokens[w.job.Account]
		free, err := token.Acquire(ctx)
		if err != nil {
			return err
		}
		if !free {
			t.attempts.Add(1)
			return errNoToken
		}
		return errors.Join(s.g.operate(ctx, t, w), token.Release(ctx))
	})
}

// shared lets the semaphore use the benchmark's own connections.
type shared struct{ client redis.UniversalClient }

// MakeRedisClient implements asynq.RedisConnOpt.
func (s shared) MakeRedisClient() any { return s.client }

// operate is the operation on AWS: it takes its time and ends.
func (g *ground) operate(ctx context.Context, t *tally, w work) error {
	t.began(w)
	if err := t.clock.Sleep(ctx, w.takes); err != nil {
		return err
	}
	t.finished(w.job.ID)
	return nil
}

// enqueue puts all jobs into asynq's queue, the crowd first.
func (g *ground) enqueue(ctx context.Context, t *tally) error {
	client := asynq.NewClientFromRedisClient(g.redis.Client)
	group, ctx := errgroup.WithContext(ctx)
	for n := range enqueuers {
		group.Go(func() error {
			for i := n; i < len(t.load.works); i += enqueuers {
				task, err := tasks.NewStart(driver.Backup, t.load.works[i].job.ID, firstGeneration)
				if err != nil {
					return err
				}
				_, err = client.EnqueueContext(ctx, asynq.NewTask(task.Type, task.Payload), asynq.TaskID(task.ID),
					asynq.Queue(task.Queue), asynq.MaxRetry(retries), asynq.Timeout(task.Timeout), asynq.Retention(task.Retention))
				if err != nil {
					return fmt.Errorf("enqueue: %w", err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// serve runs the load's servers until ctx ends.
func (g *ground) serve(ctx context.Context, t *tally, config asynq.Config, handle func(context.Context, *tally, work) error) error {
	byID := make(map[string]work, len(t.load.works))
	for _, w := range t.load.works {
		byID[w.job.ID] = w
	}
	mux := asynq.NewServeMux()
	mux.HandleFunc(tasks.TypeBackupStart, func(ctx context.Context, task *asynq.Task) error {
		var start tasks.Start
		if err := tasks.Decode(task.Payload(), &start); err != nil {
			return err
		}
		return handle(withGeneration(ctx, start.Generation), t, byID[start.JobID])
	})
	config.Concurrency, config.Queues = t.load.handlers, map[string]int{tasks.QueueStart: 1}
	config.TaskCheckInterval, config.LogLevel = taskCheckInterval, asynq.FatalLevel
	config.ShutdownTimeout = time.Millisecond
	var servers []*asynq.Server
	for range t.load.servers {
		s := asynq.NewServerFromRedisClient(g.redis.Client, config)
		if err := s.Start(mux); err != nil {
			return fmt.Errorf("start asynq server: %w", err)
		}
		servers = append(servers, s)
	}
	<-ctx.Done()
	for _, s := range servers {
		s.Shutdown()
	}
	return nil
}

type generationKey struct{}

func withGeneration(ctx context.Context, generation int64) context.Context {
	return context.WithValue(ctx, generationKey{}, generation)
}

func generationOf(ctx context.Context) int64 {
	generation, _ := ctx.Value(generationKey{}).(int64)
	return generation
}
