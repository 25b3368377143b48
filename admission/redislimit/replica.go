package redislimit

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// replicaTimeout is how long a pipeline waits for a replica to have it.
	replicaTimeout = 100 * time.Millisecond
	// replicaRest is how many pipelines do not wait after one that waited in vain.
	replicaRest = 200
)

// replicas lets each pipeline wait until one replica has what it wrote, so that a master
// that is lost takes no slot with it. Where no replica answers nobody is held up for long.
type replicas struct {
	wanted bool
	rest   atomic.Int64
}

// wait adds the wait to a pipeline; nil when there is none.
func (r *replicas) wait(ctx context.Context, pipe redis.Pipeliner) *redis.Cmd {
	if !r.wanted || r.rest.Add(-1) >= 0 {
		return nil
	}
	return pipe.Do(ctx, "WAIT", 1, replicaTimeout.Milliseconds())
}

// waited notes how a wait went.
func (r *replicas) waited(wait *redis.Cmd) {
	if wait == nil {
		return
	}
	if n, err := wait.Int(); err != nil || n < 1 {
		r.rest.Store(replicaRest)
	}
}
