package chaos

import (
	"context"
	"math/rand/v2"
	"time"
)

// between draws a time.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1))
}

// processFaults kill processes, stop them in their tracks, and give them a wrong clock.
// A worker is stopped for up to 35 s, longer than asynq's lease of 30 s; a scheduler for up
// to 20 s, longer than the leader's of 15 s.
func processFaults() []fault {
	return []fault{
		{"kill_worker", 3, killed("worker")},
		{"kill_scheduler", 2, killed("scheduler")},
		{"kill_web", 1, killed("web")},
		{"stop_worker", 2, stopped("worker", 35*time.Second)},
		{"stop_scheduler", 1, stopped("scheduler", 20*time.Second)},
		{"stop_web", 1, stopped("web", 5*time.Second)},
		{"clock_offset", 2, wrongClock},
	}
}

// killed kills one process of a role as kill -9 does.
func killed(role string) striker {
	return func(_ context.Context, r *run, random *rand.Rand) bool {
		name := r.keep.takeOne(role, random.IntN(workers))
		if name == "" {
			return false
		}
		defer r.keep.give(name)
		r.say("kill -9 %s", name)
		r.keep.kill(name)
		return true
	}
}

// stopped stops one process of a role in its tracks for up to most.
func stopped(role string, most time.Duration) striker {
	return func(ctx context.Context, r *run, random *rand.Rand) bool {
		name, d := r.keep.takeOne(role, random.IntN(workers)), between(random, time.Second, most)
		if name == "" {
			return false
		}
		defer r.keep.give(name)
		r.say("SIGSTOP %s for %s", name, d.Round(time.Second))
		r.keep.freeze(ctx, name, d)
		return true
	}
}

// wrongFor is how long a process has a wrong clock, on the machine's.
const wrongFor = 20 * time.Second

// wrongClock starts a process again with a clock that is ten minutes ahead or behind, and
// mends it later.
func wrongClock(ctx context.Context, r *run, random *rand.Rand) bool {
	role := []string{"worker", "worker", "scheduler", "web"}[random.IntN(4)]
	offset := 10 * time.Minute
	if random.IntN(2) == 0 {
		offset = -offset
	}
	name := r.keep.takeOne(role, random.IntN(workers))
	if name == "" {
		return false
	}
	r.say("the clock of %s is wrong by %s", name, offset)
	r.keep.setClock(name, r.clock.Setting(offset))
	r.keep.kill(name)
	r.keep.give(name) // it is kept alive with its wrong clock
	_ = r.wall.Sleep(ctx, wrongFor)
	r.keep.setClock(name, "")
	for !r.keep.take(name) {
		if r.wall.Sleep(ctx, keepEvery) != nil {
			return true
		}
	}
	defer r.keep.give(name)
	r.keep.kill(name)
	return true
}
