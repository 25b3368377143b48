// Package admission decides which waiting job may begin. A job needs one slot of every
// key it names, all or nothing, and holds them until its AWS operation has ended.
//
// A slot is a member (job id -> generation) of a set per key; it is never a counter and
// never expires. This package has the vocabulary and the contract; admission/redislimit
// keeps it in Redis.
package admission

import (
	"context"
	"errors"
	"strings"
	"time"
)

// ErrNotReady is returned by every call that would grant or count slots while Redis does
// not know the caps and holders: after it was emptied or restarted, until Rebuild.
var ErrNotReady = errors.New("admission: not ready: waiting for the leader to rebuild the slots from the catalog")

// ErrNewer is returned by every call while Redis has the room of a newer build: this process
// must not touch it.
var ErrNewer = errors.New("admission: the slots in Redis were laid out by a newer Holdfast: update this process")

// ErrStale is returned by Enter when the generation is not the job's current one.
var ErrStale = errors.New("admission: the grant was replaced by a newer one")

// Ring says in which ring a job waits.
type Ring string

// The rings. The express ring is served first and is for restores.
const (
	Normal  Ring = "normal"
	Express Ring = "express"
)

// Key is something that has a limited number of slots, dimension=value, for example
// account=111122223333, quota=111122223333/eu-west-1/ebs/backup or resource=<hash>.
type Key string

// ResourceDimension is the dimension of resource keys; their cap is always 1.
const ResourceDimension = "resource"

// WeightDimension is the dimension of weights, which are kept among the caps: with
// weight=<account> of 2 an account gets twice as many turns as one of weight 1, and
// weight=* is the default. Without either the weight is 1. No job may name such a key.
const WeightDimension = "weight"

// MaxWeight is the largest weight; the smallest is 1.
const MaxWeight = 1000

// NewKey joins dimension and value.
func NewKey(dimension, value string) Key { return Key(dimension + "=" + value) }

// Dimension returns the part before the first '='.
func (k Key) Dimension() string {
	dimension, _, _ := strings.Cut(string(k), "=")
	return dimension
}

// Default returns the key whose cap applies to all keys of k's dimension that have none
// of their own: dimension=*.
func (k Key) Default() Key { return Key(k.Dimension() + "=*") }

// Request asks for slots for one job. No name in it has white space or control
// characters or more than 256 bytes; Submit refuses all jobs when one does.
type Request struct {
	JobID string
	Ring  Ring
	// Group is what jobs have in common that wait in one line; every job of a group has
	// the same Keys and Account.
	Group   string
	Account string // the ring of accounts turns on it
	Keys    []Key  // 1 to 10, without duplicates
	// Resource, when not empty, is resource=<value>, a key only this job's resource has.
	Resource Key
	Band     int       // 0 first: on-demand, backup, copy, expire
	Deadline time.Time // earlier first inside a band; zero is last
}

// Grant says that a job holds its slots under a generation and waits to be entered.
// Generations grow over the life of an installation: epoch * 1e9 + n.
// Group is the job's Request.Group, so that the receiver knows which queue the start
// task belongs to without asking anybody (Enter and Regrant callers may leave it empty).
type Grant struct {
	JobID      string
	Generation int64
	Group      string
}

// EpochOf returns the epoch a generation was granted under.
func EpochOf(generation int64) int64 { return generation / GenerationsPerEpoch }

// GenerationsPerEpoch is how many grants an epoch has room for. Epoch and number
// together stay below 2^53, which Redis' Lua can count exactly.
const GenerationsPerEpoch = 1_000_000_000

// MaxGrants is the most grants or moves one script call makes.
const MaxGrants = 64

// Caps is the limit of every key: exact keys first, then dimension=*. A key with neither
// has no limit. The weights of accounts are among them, see WeightDimension.
type Caps map[Key]int

// Holder is a job that holds slots.
type Holder struct {
	JobID      string
	Generation int64 // 0 in Rebuild: one is assigned
	Group      string
	Keys       []Key // including the resource key
	Since      time.Time
	Entered    bool // the start task has begun
}

// Snapshot is what the leader rebuilds Redis from.
type Snapshot struct {
	Epoch   int64
	Caps    Caps
	Window  int // granted but not entered at most, see SetWindow
	Holders []Holder
}

// KeyUsage is one key as limits show prints it.
type KeyUsage struct {
	Key     Key `json:"key"`
	Cap     int `json:"cap"` // -1: no limit
	Held    int `json:"held"`
	Granted int `json:"granted"` // of Held: not entered yet
	Waiting int `json:"waiting"`
	// Next is the job that is first in the line for a full key; empty when nobody stands
	// there or the key is not full.
	Next string `json:"next,omitempty"`
}

// Place says where a job is.
type Place string

// The places.
const (
	Absent  Place = "absent"
	Waiting Place = "waiting"
	Granted Place = "granted"
	Entered Place = "entered"
)

// Explanation says why a job waits.
type Explanation struct {
	Place      Place      `json:"place"`
	Generation int64      `json:"generation,omitempty"`
	Group      string     `json:"group,omitempty"`
	Ahead      int        `json:"ahead"` // jobs before it in its group
	FullKeys   []KeyUsage `json:"full_keys,omitempty"`
	HeldBy     []string   `json:"held_by,omitempty"` // up to 10 jobs that hold a full key, by id
}

// Controller is the seam between the engine and the waiting room. Every method is one
// atomic script call per item (pipelined where there are several), safe for concurrent
// use by any number of processes. Grants that come back must be enqueued by the caller;
// a grant whose caller died is found again by StaleGrants.
type Controller interface {
	// Submit puts jobs into the waiting room; one that waits already is moved to the new
	// request, one that holds slots is left alone. It returns what became grantable.
	Submit(ctx context.Context, jobs []Request) ([]Grant, error)
	// Enter marks the grant as begun and returns what the dispatch window now lets through.
	// Entering the same generation again is fine; another generation is ErrStale.
	Enter(ctx context.Context, g Grant) ([]Grant, error)
	// Release frees all slots of jobs, whatever their generation, and takes them out of
	// the waiting room; unknown jobs are ignored. It returns who got the slots.
	Release(ctx context.Context, jobIDs ...string) ([]Grant, error)
	// Cancel takes waiting and granted-but-not-entered jobs out; entered ones stay.
	Cancel(ctx context.Context, jobIDs ...string) ([]Grant, error)
	// Regrant gives a holder a new generation, not entered, so that a new start task can
	// run; the old generation becomes stale. A job that holds nothing is ErrStale.
	Regrant(ctx context.Context, jobID string) (Grant, error)
	// StaleGrants returns up to limit grants not entered for olderThan.
	StaleGrants(ctx context.Context, olderThan time.Duration, limit int) ([]Grant, error)
	// SetCaps replaces all caps and returns what that let through.
	SetCaps(ctx context.Context, caps Caps) ([]Grant, error)
	// SetWindow sets the dispatch window and returns what that let through.
	SetWindow(ctx context.Context, window int) ([]Grant, error)
	// Pump grants what can be granted; it returns at most MaxGrants grants.
	Pump(ctx context.Context) ([]Grant, error)
	// Epoch returns the epoch Redis was rebuilt for, ErrNotReady, or ErrNewer.
	Epoch(ctx context.Context) (int64, error)
	// Rebuild empties admission's own keys, inserts the holders and caps, and opens the
	// epoch last. It fails with ErrStale when Redis already has this epoch or a newer one.
	Rebuild(ctx context.Context, s Snapshot) error
	// Holders pages through everything that holds slots; next is 0 at the end. Under
	// concurrent change a holder may be seen twice or, if it came or went, not at all.
	Holders(ctx context.Context, cursor uint64, count int) (holders []Holder, next uint64, err error)
	// Usage returns every key that is held, waited for or capped, sorted by key, at most limit.
	Usage(ctx context.Context, limit int) ([]KeyUsage, error)
	// Explain says where a job is and what it waits for.
	Explain(ctx context.Context, jobID string) (Explanation, error)
}
