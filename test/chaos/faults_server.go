package chaos

import (
	"context"
	"math/rand/v2"
	"time"

	"holdfast/internal/localserver"
)

// serverFaults break Redis and PostgreSQL. A seed has one Redis, or a master with a replica
// and a sentinel: then there is a failover instead of a restart.
func serverFaults(failover bool) []fault {
	list := []fault{
		{"redis_flush", 2, flushed},
		{"redis_slow", 2, slow},
		{"postgres_restart", 2, restarted},
		{"postgres_cut", 2, cut},
	}
	if failover {
		return append(list, fault{"redis_failover", 2, failedOver})
	}
	return append(list, fault{"redis_restart", 2, emptied})
}

// master returns the Redis that takes writes, nil when there is none.
func (r *run) master() *localserver.Redis {
	if r.fleet.RedisSet == nil {
		return r.fleet.Redis
	}
	master, _ := r.fleet.RedisSet.Master()
	return master
}

// onRedis does something to the master while nobody else does.
func (r *run) onRedis(what string, do func(*localserver.Redis) error) bool {
	r.redis.Lock()
	defer r.redis.Unlock()
	server := r.master()
	if server == nil {
		return false
	}
	r.say("redis: %s", what)
	if err := do(server); err != nil {
		r.say("redis: %s: %v", what, err)
		return false
	}
	return true
}

func flushed(_ context.Context, r *run, _ *rand.Rand) bool {
	return r.onRedis("FLUSHALL", (*localserver.Redis).FlushAll)
}

// emptied kills Redis and starts it again, empty, after a while.
func emptied(ctx context.Context, r *run, random *rand.Rand) bool {
	return r.onRedis("kill -9, and empty when it is back", func(server *localserver.Redis) error {
		server.Kill()
		_ = r.wall.Sleep(ctx, between(random, 0, 3*time.Second))
		return server.Restart()
	})
}

// slow lets Redis answer in turns of a fifth of a second only.
func slow(ctx context.Context, r *run, random *rand.Rand) bool {
	return r.onRedis("slow", func(server *localserver.Redis) error {
		for range 5 + random.IntN(20) {
			server.Pause()
			_ = r.wall.Sleep(ctx, 200*time.Millisecond)
			server.Resume()
			_ = r.wall.Sleep(ctx, 20*time.Millisecond)
		}
		return nil
	})
}

// failedOver kills the master; what it had not replicated is lost.
func failedOver(_ context.Context, r *run, _ *rand.Rand) bool {
	return r.onRedis("failover", func(*localserver.Redis) error {
		if err := r.fleet.RedisSet.Failover(); err != nil {
			return err
		}
		return r.fleet.RedisSet.Rejoin()
	})
}

// restarted stops PostgreSQL as a power cut does.
func restarted(_ context.Context, r *run, _ *rand.Rand) bool {
	return r.onPostgres("restart", r.fleet.Postgres.Restart)
}

func cut(_ context.Context, r *run, _ *rand.Rand) bool {
	return r.onPostgres("every connection is cut", r.fleet.Postgres.CutConnections)
}

func (r *run) onPostgres(what string, do func() error) bool {
	r.postgres.Lock()
	defer r.postgres.Unlock()
	r.say("postgresql: %s", what)
	if err := do(); err != nil {
		r.say("postgresql: %s: %v", what, err)
		return false
	}
	return true
}
