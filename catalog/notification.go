package catalog

import (
	"context"
	"encoding/json"
	"time"
)

// NotificationState says how far a notification is.
type NotificationState string

// The states of a notification.
const (
	NotificationOpen      NotificationState = "OPEN"      // collects events until DueAt
	NotificationSending   NotificationState = "SENDING"   // handed to the queue
	NotificationDelivered NotificationState = "DELIVERED" // the target took it
	NotificationDead      NotificationState = "DEAD"      // the target refused it, or every attempt
)

// NotificationStates returns every state in the order a notification goes through them.
func NotificationStates() []NotificationState {
	return []NotificationState{NotificationOpen, NotificationSending, NotificationDelivered, NotificationDead}
}

// Notification is one message to one target: the events of a group, collected for a
// while. What is in Body is the affair of package notify.
type Notification struct {
	ID       string            `json:"id"`
	Target   string            `json:"target"`
	Group    string            `json:"group"` // what its events have in common
	State    NotificationState `json:"state"`
	OpenedAt time.Time         `json:"opened_at"`
	DueAt    time.Time         `json:"due_at"` // when it is to be sent
	Events   int               `json:"events"` // how many were collected
	Body     json.RawMessage   `json:"body,omitempty"`
	// Round counts how often it was given to the queue to be tried anew; each round has
	// Attempts of its own.
	Round     int       `json:"round"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error,omitempty"` // of the last attempt
	ChangedAt time.Time `json:"changed_at"`
}

// NotificationFilter selects notifications; empty fields match everything.
type NotificationFilter struct {
	States    []NotificationState
	Target    string
	DueBefore time.Time // DueAt at or before
	After     string    // id of the last one of the previous page
	Limit     int       // 1 to 1000, 0 = 100
}

// Risk is a condition somebody should know of: something that will be lost if nobody acts.
type Risk struct {
	Kind     string    `json:"kind"`    // one of the Risk constants
	Subject  string    `json:"subject"` // account, plan and rule, ...: what it is about
	Account  string    `json:"account,omitempty"`
	Plan     string    `json:"plan,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	Count    int       `json:"count"` // resources, jobs or points concerned
	OpenedAt time.Time `json:"opened_at"`
	Message  string    `json:"message"`
}

// The kinds of risks.
const (
	RiskRPO         = "rpo"         // resources whose newest due backup or copy did not succeed
	RiskWindow      = "window"      // jobs whose start window is nearly over while they wait
	RiskUndeletable = "undeletable" // points whose deletion failed again and again
	RiskLeader      = "leader"      // no scheduler leads
	RiskReport      = "report"      // scheduled reports that could not be written
)

// UndeletableAfter is how many expiry jobs a point outlives before it is called undeletable.
const UndeletableAfter = 3

// RiskKinds returns every kind of risk.
func RiskKinds() []string {
	return []string{RiskRPO, RiskWindow, RiskUndeletable, RiskLeader, RiskReport}
}

// Notifications keeps messages, and how far the history has been told.
type Notifications interface {
	// Cursor returns the sequence number up to which name has read the history. A name
	// that is new begins at the end of the history, which is recorded.
	Cursor(ctx context.Context, name string) (int64, error)
	// Advance moves the cursor name from one number to another and stores changed, the
	// OPEN notifications that the events between gave rise to, in one transaction. It is
	// ErrConflict when the cursor is not at from, or one of changed is not OPEN any more.
	Advance(ctx context.Context, name string, from, to int64, changed []Notification) error
	// Notifications returns those that match f, by id.
	Notifications(ctx context.Context, f NotificationFilter) ([]Notification, error)
	// Notification returns one, or ErrNotFound.
	Notification(ctx context.Context, id string) (Notification, error)
	// CountNotifications counts the notifications of each target by state.
	CountNotifications(ctx context.Context) (map[string]map[NotificationState]int, error)
	// LastSent returns when a message of group last left for target, of those whose ids
	// the store still has; zero when none did.
	LastSent(ctx context.Context, target, group string) (time.Time, error)
	// SetNotification stores n's state, round, attempts and error if the row is in from and
	// of n's round, or the round before when n begins a new one, else ErrConflict.
	SetNotification(ctx context.Context, n Notification, from NotificationState) error
}

// Risks keeps what is at risk and finds what a query can find.
type Risks interface {
	// Risks returns what is at risk, by kind and subject.
	Risks(ctx context.Context) ([]Risk, error)
	// SetRisks replaces the risks of a kind. One that was not there appends a risk.opened
	// event, one that is gone a risk.closed event; To is the subject, From the kind.
	SetRisks(ctx context.Context, kind string, risks []Risk, now time.Time, actor string) error
	// MissedRPO counts, by account, plan and rule, the resources whose backup or copy of
	// the rule's newest fire ended otherwise than COMPLETED and was not made good since.
	MissedRPO(ctx context.Context) ([]Risk, error)
	// WindowsClosing counts, by account, plan and rule, the jobs that wait although their
	// start window ends between now and before.
	WindowsClosing(ctx context.Context, now, before time.Time) ([]Risk, error)
	// Undeletable counts, by account, the AVAILABLE points that UndeletableAfter expiry
	// jobs or more could not delete.
	Undeletable(ctx context.Context) ([]Risk, error)
}
