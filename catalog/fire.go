package catalog

import "time"

// RuleState is what the scheduler remembers of a rule. A rule has no history before it
// was first seen.
type RuleState struct {
	Plan        string    `json:"plan"`
	Rule        string    `json:"rule"`
	FirstSeenAt time.Time `json:"first_seen_at"`
	LastFireAt  time.Time `json:"last_fire_at,omitzero"` // the newest fire that was planned or missed
}

// FireState says what became of a fire.
type FireState string

// The states of a fire.
const (
	FirePlanned FireState = "PLANNED" // its jobs are in the catalog
	FireExpired FireState = "EXPIRED" // missed: its start window had passed, or a newer fire was due too
)

// Fire is one instant at which a rule was due.
type Fire struct {
	Plan      string    `json:"plan"`
	Rule      string    `json:"rule"`
	At        time.Time `json:"at"`
	State     FireState `json:"state"`
	PlannedAt time.Time `json:"planned_at"`
	Jobs      int       `json:"jobs"`           // jobs of this fire
	Note      string    `json:"note,omitempty"` // e.g. which inventory scopes were old
}

// Cap is the limit of one admission key, e.g. account=111122223333, or of every key of
// a dimension, e.g. account=*.
type Cap struct {
	Key       string    `json:"key"`
	Limit     int       `json:"limit"` // 0 pauses
	Version   int64     `json:"version"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by"`
}

// Lease is the outcome of trying to be the leader.
type Lease struct {
	Held      bool
	Owner     string
	Term      int64     // grows whenever the owner changes
	ExpiresAt time.Time // on the database's clock
	Now       time.Time // the database's clock
}

// Breaker is the state of an account whose role fails.
type Breaker struct {
	Account   string    `json:"account"`
	OpenSince time.Time `json:"open_since,omitzero"` // zero: closed
	ProbeAt   time.Time `json:"probe_at,omitzero"`   // when the next job may try
	Failures  int       `json:"failures"`            // in a row
	Message   string    `json:"message,omitempty"`
}

// Open reports whether the account may start nothing.
func (b Breaker) Open() bool { return !b.OpenSince.IsZero() }
