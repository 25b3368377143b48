package cloud

import (
	"sync"
	"time"
)

// Bucket is a token bucket AWS keeps per account, region and API. The zero Bucket does
// not limit.
type Bucket struct {
	// Name is appended to the operation's, for operations with more than one bucket.
	Name string
	// Capacity is the burst, Refill the sustained calls per second.
	Capacity, Refill float64
}

type bucketKey struct {
	place Place
	name  string
}

type level struct {
	tokens float64
	at     time.Time
}

// buckets holds the level of every bucket that was ever drawn from.
type buckets struct {
	mu     sync.Mutex
	levels map[bucketKey]level
}

// take draws one token and reports whether there was one. An empty bucket is left as it
// is: refused calls cost nothing.
func (b *buckets) take(p Place, operation string, limit Bucket, now time.Time) bool {
	if limit.Capacity == 0 {
		return true
	}
	key := bucketKey{place: p, name: operation + limit.Name}
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.levels[key]
	if !ok {
		l = level{tokens: limit.Capacity, at: now}
	}
	if passed := now.Sub(l.at).Seconds(); passed > 0 {
		l = level{tokens: min(limit.Capacity, l.tokens+passed*limit.Refill), at: now}
	}
	granted := l.tokens >= 1
	if granted {
		l.tokens--
	}
	b.levels[key] = l
	return granted
}
