package simharness

import (
	"maps"
	"sync"

	"holdfast/resource"
	"holdfast/sim"
)

// uses has which IAM actions the sessions of drivers needed, by purpose.
type uses struct {
	mu sync.Mutex
	by map[resource.Purpose]map[string]bool
}

// note is told of every action. What the harness itself does it does in sessions without a
// policy.
func (u *uses) note(caller sim.Session, action string) {
	if caller.Allowed == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, purpose := range resource.Purposes() {
		if sim.RoleName(purpose) != caller.Role {
			continue
		}
		if u.by[purpose] == nil {
			u.by[purpose] = map[string]bool{}
		}
		u.by[purpose][action] = true
	}
}

func (u *uses) all() map[resource.Purpose]map[string]bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := map[resource.Purpose]map[string]bool{}
	for purpose, actions := range u.by {
		all[purpose] = maps.Clone(actions)
	}
	return all
}
