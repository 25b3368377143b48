package catalog

import (
	"fmt"
	"slices"
)

// State is the state of a job, in AWS Backup's words.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html
type State string

// The states. PENDING (granted, not begun) is a view and never stored.
const (
	Created   State = "CREATED"
	Running   State = "RUNNING"
	Completed State = "COMPLETED"
	Partial   State = "PARTIAL"
	Failed    State = "FAILED"
	Expired   State = "EXPIRED" // the start window passed
	Aborting  State = "ABORTING"
	Aborted   State = "ABORTED"
)

// transitions is the whole truth about how a job's state may change. An entry that
// lists its own state allows changes of other columns while the state stays.
var transitions = map[State][]State{
	Created:  {Created, Running, Failed, Expired, Aborting, Aborted},
	Running:  {Running, Completed, Partial, Failed, Aborting},
	Aborting: {Aborting, Completed, Partial, Failed, Aborted},
}

// States returns every stored state in a fixed order.
func States() []State {
	return []State{Created, Running, Completed, Partial, Failed, Expired, Aborting, Aborted}
}

// Terminal reports whether s is final.
func (s State) Terminal() bool {
	return s == Completed || s == Partial || s == Failed || s == Expired || s == Aborted
}

// CheckTransition returns an error unless the table allows from -> to.
func CheckTransition(from, to State) error {
	if slices.Contains(transitions[from], to) {
		return nil
	}
	return fmt.Errorf("catalog: no transition from %s to %s", from, to)
}
