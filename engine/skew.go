package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

// skewCheckEvery is how often a process compares its clock with the database's while it has
// tasks.
const skewCheckEvery = 10 * time.Second

// skewCheck remembers what the last comparison said.
type skewCheck struct {
	mu        sync.Mutex
	checkedAt time.Time // on this process' clock
	err       error
}

// clockRight returns an error when this process' clock is off the database's. Intents,
// windows and graces are instants that processes tell each other through the catalog: who
// is minutes ahead takes a call for given up that is being made, and who is behind lets
// others think so of its own.
func (e *Engine) clockRight(ctx context.Context) error {
	c := &e.skew
	c.mu.Lock()
	defer c.mu.Unlock()
	before := e.clock.Now()
	if since := before.Sub(c.checkedAt); since >= 0 && since < skewCheckEvery {
		return c.err
	}
	database, err := e.store.Now(ctx)
	if err != nil {
		return fmt.Errorf("compare the clock with the database's: %w", err)
	}
	c.checkedAt, c.err = e.clock.Now(), nil
	// Asked before and answered after: the time between is not the clock's fault.
	skew := max(before.Sub(database), database.Sub(c.checkedAt))
	if skew > catalog.MaxSkew {
		c.err = failure.Errorf(failure.Transient, "this machine's clock differs from the database's by %s: nothing is begun or looked at here until it is set right",
			skew.Round(time.Second))
		e.log.Error().Dur("skew", skew).Msg("this machine's clock differs from the database's: it runs no task until it is set right")
	}
	return c.err
}
