package cloud

import (
	"maps"
	"sync"
)

// ledger counts calls by service:Operation.
type ledger struct {
	mu        sync.Mutex
	calls     map[string]int
	throttled map[string]int
}

func (l *ledger) accept(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[call]++
}

func (l *ledger) throttle(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.throttled[call]++
}

// Calls returns how many calls were let through to a service, by "ec2:CreateSnapshot",
// whatever the service answered.
func (o *Organization) Calls() map[string]int {
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	return maps.Clone(o.ledger.calls)
}

// Throttled returns how many calls were refused for their rate, by "ec2:CreateSnapshot".
func (o *Organization) Throttled() map[string]int {
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	return maps.Clone(o.ledger.throttled)
}
