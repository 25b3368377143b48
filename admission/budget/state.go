package budget

import (
	"math"
	"time"
)

// State is one bucket. Times are microseconds on the limiter's clock. The zero State is a
// full bucket nobody has used.
type State struct {
	At    int64   // when the rest was true, 0: never
	Level float64 // tokens, below zero: reserved ahead
	Kept  float64 // of what is kept for restores, how much they have not used
	// Line is where the line of the calls that were put off ends; RestoreLine is that of
	// restores alone.
	Line, RestoreLine int64
	Factor            float64 // part of the rate in use when it was last lowered
	Turned            int64   // when that was, 0: never
}

// bucket is a State brought up to now, with the figures every decision needs. The script
// in admission/redisbudget/lua/state.lua does the same steps in the same order.
type bucket struct {
	State
	now   int64
	rate  float64 // tokens a microsecond
	share float64
	quota float64 // most that is kept for restores
	floor float64 // tokens others leave in the bucket
}

const second = float64(time.Second / time.Microsecond)

// bringUp returns s at now under t.
func bringUp(s State, t Terms, now int64) bucket {
	b := bucket{State: s, now: now, share: t.Share}
	factor := 1.0
	if s.Turned != 0 {
		factor = min(1, s.Factor+t.Recovery*float64(now-s.Turned)/second)
	}
	b.Factor = max(factor, Least)
	b.rate = t.Rate / second * b.Factor
	if t.Share > 0 {
		b.quota = max(1, t.Share*t.Burst)
	}
	b.floor = min(b.quota, t.Burst-1)
	if s.At == 0 {
		b.Level, b.Kept = t.Burst, b.quota
	} else {
		passed := max(0, float64(now-s.At))
		b.Level = min(t.Burst, s.Level+passed*b.rate)
		b.Kept = min(b.quota, s.Kept+passed*b.rate*t.Share)
	}
	b.At = now
	end := now + t.Horizon.Microseconds()
	b.Line = min(max(s.Line, now), end)
	b.RestoreLine = min(max(s.RestoreLine, now), end)
	return b
}

// Reserve decides on one call and returns the bucket after it. It is pure.
//
// A call goes when the bucket has, or within its patience will have, a token above the
// floor that is kept for restores. A restore that has kept tokens left may go down to
// zero. Who cannot go is given the next place in a line that moves at the bucket's rate;
// newcomers stand behind that line even when there are tokens, so nobody overtakes.
func Reserve(s State, t Terms, ask Ask, now int64) (State, Answer) {
	b := bringUp(s, t, now)
	first := ask.Restore && b.Kept >= 1
	wait := b.until(b.floor)
	if first {
		wait = b.until(0)
	}
	if wait <= float64(ask.Patience.Microseconds()) && (first || ask.Returning || b.Line <= now) {
		b.Level--
		if first {
			b.Kept--
		}
		return b.keep(s), Answer{Granted: true, Wait: micros(wait)}
	}
	at := b.putOff(t, ask.Restore, wait)
	return b.keep(s), Answer{Wait: micros(float64(at - now))}
}

// until returns the microseconds until a token above floor is there.
func (b *bucket) until(floor float64) float64 { return max(0, (floor+1-b.Level)/b.rate) }

// putOff gives out the next place in line, at most the horizon away. A restore takes the
// earlier of the common line and its own, which moves at the rate kept for restores.
func (b *bucket) putOff(t Terms, restore bool, wait float64) int64 {
	line, gap := &b.Line, 1/b.rate
	at := max(b.Line, b.now+ceil(wait))
	if restore && b.share > 0 {
		wait = max(b.until(0), (1-b.Kept)/(b.rate*b.share))
		if own := max(b.RestoreLine, b.now+ceil(wait)); own < at {
			line, gap, at = &b.RestoreLine, 1/(b.rate*b.share), own
		}
	}
	end := b.now + t.Horizon.Microseconds()
	if at+ceil(gap) > end {
		return min(at, end)
	}
	*line = at + ceil(gap)
	return at
}

// Lower returns the bucket after AWS throttled a call: it is empty whatever we thought,
// and its rate is lowered, once in a cooldown. It is pure.
func Lower(s State, t Terms, now int64) State {
	b := bringUp(s, t, now)
	b.Level = min(b.Level, 0)
	if s.Turned != 0 && now-s.Turned < t.Cooldown.Microseconds() {
		return b.keep(s)
	}
	b.Factor, b.Turned = max(Least, b.Factor*Decrease), now
	return b.State
}

// keep returns the state to store: the factor is stored as of its last decrease.
func (b *bucket) keep(s State) State {
	b.Factor = s.Factor
	return b.State
}

// Observe describes the bucket key at now.
func Observe(key Key, s State, t Terms, now int64) Level {
	b := bringUp(s, t, now)
	return Level{Key: key, Tokens: b.Level, Factor: b.Factor, Line: micros(float64(b.Line - now))}
}

func ceil(micros float64) int64 { return int64(math.Ceil(micros)) }

func micros(n float64) time.Duration { return time.Duration(ceil(n)) * time.Microsecond }
