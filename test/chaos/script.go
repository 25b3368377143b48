package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// fault is one kind of thing that goes wrong.
type fault struct {
	name   string
	weight int // how often it is drawn, beside the others
	strike striker
}

// striker does something and undoes it, with what it draws from random. It reports whether
// it happened.
type striker func(ctx context.Context, r *run, random *rand.Rand) bool

// faults is everything that can go wrong in a seed.
func faults(seed uint64) []fault {
	return slices.Concat(processFaults(), serverFaults(failsOver(seed)), awsFaults(), operatorFaults())
}

// failsOver reports whether the Redis of a seed has a replica and a sentinel.
func failsOver(seed uint64) bool { return seed%2 == 0 }

// strike is one line of a script.
type strike struct {
	fault fault
	after time.Duration // since the one before
	seed  uint64        // of what the fault draws itself
}

// The pause between two faults.
const (
	pauseLeast  = 200 * time.Millisecond
	pauseSpread = 1200 * time.Millisecond
)

// script draws n faults of a night. The same seed gives the same script; every fault that
// may happen happens before any does twice.
func script(seed uint64, night, n int, only []string) []strike {
	random := rand.New(rand.NewPCG(seed, uint64(1000+night))) // reproducible on purpose
	var bag []fault
	for _, f := range faults(seed) {
		if len(only) == 0 || slices.Contains(only, f.name) {
			for range f.weight {
				bag = append(bag, f)
			}
		}
	}
	if len(bag) == 0 {
		return nil
	}
	list := make([]strike, 0, n)
	for len(list) < n {
		random.Shuffle(len(bag), func(i, j int) { bag[i], bag[j] = bag[j], bag[i] })
		for _, f := range bag[:min(len(bag), n-len(list))] {
			pause := pauseLeast + time.Duration(random.Int64N(int64(pauseSpread)))
			list = append(list, strike{fault: f, after: pause, seed: random.Uint64()})
		}
	}
	return list
}

// harass carries out the script of a night. It returns when everything is mended again.
func (r *run) harass(ctx context.Context, night int) {
	var going sync.WaitGroup
	defer going.Wait()
	for _, s := range script(r.seed, night, r.opts.Strikes, r.opts.Only) {
		if r.wall.Sleep(ctx, s.after) != nil {
			return
		}
		going.Go(func() {
			if s.fault.strike(ctx, r, rand.New(rand.NewPCG(s.seed, 0))) {
				r.struck(s.fault.name)
			}
		})
	}
}
