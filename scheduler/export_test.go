package scheduler

import "context"

// Duties returns what a leader does, by name, so that tests do it step by step.
func (s *Scheduler) Duties() map[string]func(context.Context) error {
	byName := map[string]func(context.Context) error{}
	for _, d := range s.duties() {
		byName[d.name] = d.run
	}
	return byName
}
