package catalog

import (
	"context"
	"time"
)

// Seal closes a segment of the history: it names every event of the segment by number and
// digest, and the seal before it by hash, so that nothing sealed can be changed, taken out
// or moved without a trace. Package catalog/ledger makes and checks seals.
type Seal struct {
	Number   int64     `json:"number"` // 1, 2, 3, ...
	First    int64     `json:"first"`  // sequence number of the first event
	Last     int64     `json:"last"`   // and of the last
	Events   int       `json:"events"` // fewer than Last-First+1 where numbers were never used
	Newest   time.Time `json:"newest"` // the latest time of the events
	SealedAt time.Time `json:"sealed_at"`
	Previous string    `json:"previous,omitempty"` // Hash of the seal before; empty for the first
	Digest   string    `json:"digest"`             // of Roll
	Hash     string    `json:"hash"`               // of all of the above
	KeyID    string    `json:"key_id,omitempty"`   // names the key of MAC
	MAC      string    `json:"mac,omitempty"`      // HMAC of Hash, where a key is configured
	// Roll has the number and digest of every event. It is emptied when all of them were
	// pruned; Digest keeps the chain whole.
	Roll string `json:"roll,omitempty"`
}

// EventPruned is the type of the events by which pruning says up to which sequence number
// (Event.To) events may be gone.
const EventPruned = "ledger.pruned"

// Ledger seals history.
type Ledger interface {
	// Settled returns the highest sequence number up to which every event is visible or
	// will never be: what is read up to it, in one go or in pages, is final.
	Settled(ctx context.Context) (int64, error)
	// Seals returns the seals numbered above after, in order, at most limit (1 to 1000).
	Seals(ctx context.Context, after int64, limit int) ([]Seal, error)
	// LastSeal returns the newest seal, the zero Seal when there is none.
	LastSeal(ctx context.Context) (Seal, error)
	// AddSeal stores a seal that follows the newest one, else ErrConflict: somebody else
	// seals, too.
	AddSeal(ctx context.Context, s Seal) error
	// OldestUnsealed returns the time of the oldest event no seal has yet, zero when all
	// are sealed.
	OldestUnsealed(ctx context.Context) (time.Time, error)
}
