package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"holdfast/bench/lab"
	"holdfast/internal/clock"
)

// contender is one way to run a load.
type contender interface {
	// fill puts the jobs where they wait, on an empty Redis; no job begins.
	fill(ctx context.Context, t *tally) error
	// work runs jobs until ctx ends.
	work(ctx context.Context, t *tally) error
}

// ground is what contenders run on.
type ground struct {
	redis *lab.Redis
	clock clock.Clock
	log   zerolog.Logger
	dir   string
}

func newGround() (*ground, error) {
	dir, err := os.MkdirTemp("", "holdfast-bench")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	redis, err := lab.StartRedis(dir)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return &ground{redis: redis, clock: clock.System(), log: zerolog.New(os.Stderr).Level(zerolog.ErrorLevel), dir: dir}, nil
}

func (g *ground) close() {
	g.redis.Close()
	_ = os.RemoveAll(g.dir)
}

// speedThroughAWS is how fast the clock runs on which operations take minutes.
const speedThroughAWS = 120

// tally makes the tally of a run; all contenders of a load see the same clock.
func (g *ground) tally(l load) *tally {
	if l.throughAWS {
		return newTally(l, clock.Scaled(g.clock.Now(), speedThroughAWS), speedThroughAWS)
	}
	return newTally(l, g.clock, 1)
}

// patience is how many times the ideal a contender gets, and a little for small loads.
const (
	patience      = 4
	patienceAdded = 10 * time.Second
)

// run lets a contender run a load and returns what came of it.
func (g *ground) run(ctx context.Context, c contender, l load) (outcome, error) {
	if err := g.redis.Empty(ctx); err != nil {
		return outcome{}, err
	}
	t := g.tally(l)
	before, err := g.meters(ctx)
	if err != nil {
		return outcome{}, err
	}
	if err := c.fill(ctx, t); err != nil {
		return outcome{}, fmt.Errorf("fill: %w", err)
	}
	filled, err := g.meters(ctx)
	if err != nil {
		return outcome{}, err
	}
	o, err := g.work(ctx, c, t)
	if err != nil {
		return outcome{}, err
	}
	cpu, err := g.redis.CPU(ctx)
	if err != nil {
		return outcome{}, err
	}
	waiting, done := float64(len(l.works)), float64(max(len(t.ended), 1))
	o.BytesPerWaitingJob = (filled.memory - before.memory) / waiting
	o.RedisCPU = 1000 * ((filled.cpu-before.cpu)/waiting + (cpu-filled.cpu)/done)
	return o, nil
}

// work runs the contender until the awaited jobs have ended, or the time is up.
func (g *ground) work(ctx context.Context, c contender, t *tally) (outcome, error) {
	limit := time.Duration(float64(t.load.ideal())/t.speed)*patience + patienceAdded
	if t.load.window > 0 {
		limit = t.load.window
	}
	limited, stop := context.WithTimeout(ctx, limit)
	defer stop()
	ended := make(chan error, 1)
	t.open()
	working, halt := context.WithCancel(ctx)
	defer halt()
	go func() { ended <- c.work(working, t) }()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		_ = t.left.Wait(limited)
		if t.load.window > 0 {
			<-limited.Done() // the crowd goes on
		}
	}()
	select {
	case err := <-ended:
		return outcome{}, fmt.Errorf("the contender ended early: %w", err)
	case <-finished: // all done, or out of time: both are results
	}
	o := t.close()
	halt()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		return outcome{}, err
	}
	return o, ctx.Err()
}

// meter is what Redis has used.
type meter struct{ memory, cpu float64 }

func (g *ground) meters(ctx context.Context) (m meter, err error) {
	if m.memory, err = g.redis.Memory(ctx); err != nil {
		return m, err
	}
	m.cpu, err = g.redis.CPU(ctx)
	return m, err
}
