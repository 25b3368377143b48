// Package budget paces calls to AWS below the rate at which AWS refuses them.
//
// AWS keeps a token bucket per account, region and API. Holdfast keeps a copy of it that
// all its processes share and asks it before every attempt of every call: go now, go in a
// moment, or come back later. This package has the contract, the table of AWS's buckets,
// and the decisions as pure functions; admission/redisbudget keeps the buckets in Redis.
package budget

import (
	"context"
	"fmt"
	"time"

	"holdfast/failure"
)

// Key names one bucket.
type Key struct {
	Account string // "self": the account of the process's own credentials
	Region  string
	Bucket  string // see Table
}

// String gives account/region/bucket.
func (k Key) String() string { return k.Account + "/" + k.Region + "/" + k.Bucket }

// Terms are what decisions about a bucket depend on beside its state. All processes of an
// installation should have the same.
type Terms struct {
	Rate  float64 // calls a second that are never exceeded for long
	Burst float64 // calls at once, at least 1
	// Share is the part of the bucket kept for restores, from 0 up to 1.
	Share float64
	// Horizon is how far ahead a caller is told to come back.
	Horizon time.Duration
	// Cooldown is how long after one decrease of the rate the next may come.
	Cooldown time.Duration
	// Recovery is what part of Rate a lowered bucket gets back each second.
	Recovery float64
}

// The terms that are not AWS's. A bucket that was lowered by half is whole again after
// 100 seconds.
const (
	horizon  = 2 * time.Minute
	cooldown = 2 * time.Second
	recovery = 0.005
)

// How far a bucket is lowered when AWS throttles.
const (
	Decrease = 0.75 // what one throttle leaves of the rate
	Least    = 0.05 // part of the rate that is left however often it does
)

// Faster returns the terms for a limiter whose clock passes a second while the caller's
// passes speed seconds.
func (t Terms) Faster(speed float64) Terms {
	t.Rate *= speed
	t.Recovery *= speed
	t.Horizon = time.Duration(float64(t.Horizon) / speed)
	t.Cooldown = time.Duration(float64(t.Cooldown) / speed)
	return t
}

// Validate reports terms no bucket can have.
func (t Terms) Validate() error {
	switch {
	case !(t.Rate > 0):
		return fmt.Errorf("budget: rate %g is not above 0", t.Rate)
	case !(t.Burst >= 1):
		return fmt.Errorf("budget: burst %g is below 1", t.Burst)
	case !(t.Share >= 0 && t.Share < 1):
		return fmt.Errorf("budget: share %g is not from 0 up to 1", t.Share)
	}
	return nil
}

// Ask is one call that wants to be made.
type Ask struct {
	// Restore calls may use what is kept for restores.
	Restore bool
	// Returning calls were told to come back, or nobody can bring them back: they do not
	// stand in line behind those that were told.
	Returning bool
	// Patience is how long the caller would wait with the call in hand.
	Patience time.Duration
}

// Answer is what a limiter says to an Ask.
type Answer struct {
	// Granted: the call may be made after Wait, which is at most the caller's patience; a
	// token is reserved for it. Otherwise nothing is reserved, and the caller should ask
	// again, as Returning, after Wait.
	Granted bool
	Wait    time.Duration
}

// Limiter gives out the tokens of buckets. It is safe for concurrent use. Its clock is
// its own: answers speak of durations.
type Limiter interface {
	// Reserve decides on one call.
	Reserve(ctx context.Context, key Key, terms Terms, ask Ask) (Answer, error)
	// Throttled tells that AWS refused a call for its rate.
	Throttled(ctx context.Context, key Key, terms Terms) error
}

// Level is what a limiter knows about one bucket, for people.
type Level struct {
	Key
	// Tokens is how many calls could go at once; below 0: reserved ahead.
	Tokens float64
	// Factor is the part of the configured rate in use, 1 unless AWS throttled lately.
	Factor float64
	// Line is how long a call that comes now would be put off.
	Line time.Duration
}

// Refusal is the error of a call that was put off: it was not made. It has the class
// throttled.
type Refusal struct {
	Key  Key
	At   time.Time // when to come back, on the caller's clock
	Wait time.Duration
}

// Refuse returns a Refusal as an error of class throttled.
func Refuse(key Key, wait time.Duration, now time.Time) error {
	return &failure.Error{Class: failure.Throttled, Err: &Refusal{Key: key, At: now.Add(wait), Wait: wait}}
}

// Error says until when the call was put off and why.
func (r *Refusal) Error() string {
	return fmt.Sprintf("put off until %s: the API budget %s of account %s in %s is used up",
		r.At.UTC().Format(time.RFC3339), r.Key.Bucket, r.Key.Account, r.Key.Region)
}

// RetryableError tells the SDK's retryers that trying at once is of no use.
func (*Refusal) RetryableError() bool { return false }
