package cloud

import (
	"maps"
	"strings"
	"sync"

	"holdfast/internal/awssession"
)

// ledger counts calls by service:Operation.
type ledger struct {
	mu        sync.Mutex
	calls     map[string]int
	throttled map[string]int
	unnamed   map[string]int // those that change something and name no job
}

func (l *ledger) accept(call, agent string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[call]++
	if mutates(call) && !strings.Contains(agent, awssession.UserAgentOf("")) {
		l.unnamed[call]++
	}
}

// mutates reports whether a call changes something, as CloudTrail's readOnly tells apart.
func mutates(call string) bool {
	_, operation, _ := strings.Cut(call, ":")
	for _, reads := range []string{"Describe", "List", "Get", "Head", "Assume"} {
		if strings.HasPrefix(operation, reads) {
			return false
		}
	}
	return true
}

// Unnamed returns how many calls that change something had no job in their user agent, by
// "ec2:CreateSnapshot": nobody could tell from CloudTrail why they were made.
func (o *Organization) Unnamed() map[string]int {
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	return maps.Clone(o.ledger.unnamed)
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
