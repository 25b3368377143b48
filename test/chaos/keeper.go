package chaos

import (
	"context"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/fleet"
)

// keeper starts processes again that have ended, as a supervisor does, and knows which
// process a fault has got hold of.
type keeper struct {
	fleet *fleet.Fleet
	wall  clock.Clock

	mu     sync.Mutex
	taken  map[string]bool   // a fault has it
	wrong  map[string]string // setting of a clock, by process
	starts sync.WaitGroup
	cancel context.CancelFunc
}

// stop ends the keeper: when it returns nothing is started again.
func (k *keeper) stop() {
	k.cancel()
	k.starts.Wait()
}

// keepEvery is how often the keeper looks, and the least time between two starts of a
// process that ends at once.
const keepEvery = time.Second

// keep starts a keeper of all processes of the fleet.
func keep(ctx context.Context, f *fleet.Fleet, wall clock.Clock) *keeper {
	ctx, cancel := context.WithCancel(ctx)
	k := &keeper{fleet: f, wall: wall, cancel: cancel, taken: map[string]bool{}, wrong: map[string]string{}}
	for _, name := range f.Names() {
		k.starts.Go(func() {
			for wall.Sleep(ctx, keepEvery) == nil {
				k.revive(name)
			}
		})
	}
	return k
}

// revive starts a process that has ended, unless a fault has it. A start that fails, because
// Redis or the database is away, is tried again.
func (k *keeper) revive(name string) {
	if !k.take(name) {
		return
	}
	defer k.give(name)
	if k.fleet.PID(name) == 0 || slices.Contains(k.fleet.Ended(), name) {
		_ = k.fleet.StartProcess(name, k.environ(name)...)
	}
}

func (k *keeper) environ(name string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if setting := k.wrong[name]; setting != "" {
		return []string{"CHAOS_CLOCK=" + setting}
	}
	return nil
}

// setClock says which clock a process has from its next start on; "" is the right one.
func (k *keeper) setClock(name, setting string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wrong[name] = setting
}

// take gets hold of a process; false when somebody else has it.
func (k *keeper) take(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.taken[name] {
		return false
	}
	k.taken[name] = true
	return true
}

func (k *keeper) give(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.taken, name)
}

// takeOne gets hold of a process of a role, the first of them from number n on that can be
// had; "" when none can be.
func (k *keeper) takeOne(role string, n int) string {
	names := []string{}
	for _, name := range k.fleet.Names() {
		if strings.HasPrefix(name, role) {
			names = append(names, name)
		}
	}
	for i := range names {
		if name := names[(n+i)%len(names)]; k.take(name) {
			return name
		}
	}
	return ""
}

// kill ends a process as kill -9 does; the keeper starts it again.
func (k *keeper) kill(name string) { k.fleet.Kill(name) }

// freeze stops a process in its tracks for d.
func (k *keeper) freeze(ctx context.Context, name string, d time.Duration) {
	k.fleet.Signal(name, syscall.SIGSTOP)
	_ = k.wall.Sleep(ctx, d) // it goes on in any case
	k.fleet.Signal(name, syscall.SIGCONT)
}
