package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
	"holdfast/config"
	"holdfast/tasks"
)

// ErrEmbeddedRedis is returned by OpenQueue when the queue lives inside the process that
// runs it, where no other process can look.
var ErrEmbeddedRedis = errors.New("redis.mode is embedded: only the running `holdfast up` can see its queue")

// Queue is the Redis side of an installation, for commands that look at it. Close it.
type Queue struct {
	Controller admission.Controller
	Budgets    *Budgets
	inspector  *asynq.Inspector
	client     redis.UniversalClient
	stop       func() error
}

// OpenQueue connects to the configured Redis. It returns ErrEmbeddedRedis when there is
// none to connect to.
func OpenQueue(ctx context.Context, cfg *config.Config) (*Queue, error) {
	if cfg.Redis.Mode == config.RedisEmbedded {
		return nil, ErrEmbeddedRedis
	}
	client, stop, err := openRedis(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Queue{
		Controller: redislimit.New(client, admissionOptions(cfg)),
		Budgets:    newBudgets(client, cfg, 1),
		inspector:  asynq.NewInspectorFromRedisClient(client), client: client, stop: stop,
	}, nil
}

// Version returns what the server calls itself, e.g. "7.0.15".
func (q *Queue) Version(ctx context.Context) (string, error) {
	info, err := q.client.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("ask redis for its version: %w", err)
	}
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(line, "redis_version:"); ok {
			return strings.TrimSpace(version), nil
		}
	}
	return "", errors.New("redis does not say which version it is")
}

// Workers returns how many worker processes are alive and how many tasks they can run at
// once.
func (q *Queue) Workers() (processes, concurrency int, err error) {
	servers, err := q.inspector.Servers()
	if err != nil {
		return 0, 0, fmt.Errorf("list workers: %w", err)
	}
	for _, s := range servers {
		concurrency += s.Concurrency
	}
	return len(servers), concurrency, nil
}

// Close closes the connection.
func (q *Queue) Close() error { return q.stop() }

// Now returns the time of the server, in UTC.
func (q *Queue) Now(ctx context.Context) (time.Time, error) {
	now, err := q.client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("ask redis for the time: %w", err)
	}
	return now.UTC(), nil
}

// refusedPage bounds how many archived tasks of a queue are looked at.
const refusedPage = 500

// Refused counts the newest archived tasks that workers refused: forged ones, which no
// holder of queue.key enqueued, and those of a newer build.
func (q *Queue) Refused() (forged, newer int, err error) {
	for _, queue := range tasks.AllQueues() {
		archived, err := q.inspector.ListArchivedTasks(queue, asynq.PageSize(refusedPage))
		if errors.Is(err, asynq.ErrQueueNotFound) {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("list archived tasks of %s: %w", queue, err)
		}
		for _, t := range archived {
			switch {
			case strings.Contains(t.LastErr, tasks.ErrForged.Error()):
				forged++
			case strings.Contains(t.LastErr, tasks.ErrVersion.Error()):
				newer++
			}
		}
	}
	return forged, newer, nil
}
