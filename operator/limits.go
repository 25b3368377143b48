package operator

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/producer"
)

// Limit is one admission key.
type Limit struct {
	Key         string    `json:"key"`
	Concurrency *int      `json:"concurrency"` // null: no cap; 0: paused
	Origin      string    `json:"origin"`      // default, set, or the key whose cap applies; empty: no cap
	SetBy       string    `json:"set_by,omitempty"`
	SetAt       time.Time `json:"set_at,omitzero"`
	// Version is for a change that expects it; 0: nobody has set a cap of this key.
	Version int64 `json:"version"`
	Weight  *int  `json:"weight,omitempty"` // account keys: turns beside other accounts'; null: 1
	Held    int   `json:"held"`
	Granted int   `json:"granted"` // of Held: a worker has not begun it
	// Waiting is null for a default. Redis counts what stands in its lines, the catalog
	// everything that has not begun.
	Waiting      *int      `json:"waiting"`
	WaitingSince time.Time `json:"waiting_since,omitzero"` // creation of the job that has waited longest
	Next         string    `json:"next,omitempty"`         // first in the line of a full key
	// Applied is what admission goes by when it is not Concurrency: the change is a moment
	// old, the account's role fails, or the account has left.
	Applied *int `json:"applied,omitempty"`
}

// LimitList are the admission keys that are in use or capped, by key.
type LimitList struct {
	Limits []Limit `json:"limits"`
	// Counted says where held and waiting come from, Note why that is not Redis.
	Counted string `json:"counted" enum:"redis,catalog"`
	Note    string `json:"note,omitempty"`
}

// maxUsage bounds how many keys are listed.
const maxUsage = 10_000

// ListLimits returns every cap with what is held and waited for, as Redis counts it or,
// where it cannot be asked, as the catalog does.
func (o *Office) ListLimits(ctx context.Context) (LimitList, error) {
	list := LimitList{Counted: CountedRedis}
	usage, err := o.usage(ctx)
	if err != nil {
		list.Counted, list.Note = CountedCatalog, err.Error()
		if usage, err = o.HeldInCatalog(ctx); err != nil {
			return list, err
		}
	}
	set, _, err := o.Store.Caps(ctx)
	if err != nil {
		return list, err
	}
	waiting, err := o.Store.Waiting(ctx)
	if err != nil {
		return list, err
	}
	keys := NewLimits(o.DefaultCaps, set)
	keys.Use(usage, list.Counted == CountedRedis)
	keys.Await(waiting, o.Units, list.Counted == CountedRedis)
	list.Limits = keys.Sorted()
	return list, nil
}

func (o *Office) usage(ctx context.Context) ([]admission.KeyUsage, error) {
	if o.Queue == nil {
		return nil, errNoQueue
	}
	return o.Queue.Usage(ctx, maxUsage)
}

// errNoQueue is why the catalog is asked where nobody gave an Office a queue.
var errNoQueue = errors.New("redis cannot be asked from here")

// holdersPage is how many holders are read at once.
const holdersPage = 1000

// EachHolder calls visit for every job that has begun and not ended.
func (o *Office) EachHolder(ctx context.Context, visit func(catalog.Job)) error {
	for after := ""; ; {
		jobs, err := o.Store.Holders(ctx, after, holdersPage)
		if err != nil {
			return err
		}
		for _, job := range jobs {
			visit(job)
		}
		if len(jobs) < holdersPage {
			return nil
		}
		after = jobs[len(jobs)-1].ID
	}
}

// HeldInCatalog counts the slots of every job that has begun and not ended.
func (o *Office) HeldInCatalog(ctx context.Context) ([]admission.KeyUsage, error) {
	held := map[admission.Key]int{}
	err := o.EachHolder(ctx, func(job catalog.Job) {
		for _, key := range producer.NewRequest(job, o.Units).Keys {
			held[key]++
		}
	})
	usage := make([]admission.KeyUsage, 0, len(held))
	for key, n := range held {
		usage = append(usage, admission.KeyUsage{Key: key, Cap: NoLimit, Held: n})
	}
	return usage, err
}

// Limits are keys with what is known of them.
type Limits map[string]*Limit

func (l Limits) of(key string) *Limit {
	if l[key] == nil {
		l[key] = &Limit{Key: key}
	}
	return l[key]
}

// NewLimits joins defaults and what was set. It is pure.
func NewLimits(defaults admission.Caps, set []catalog.Cap) Limits {
	list := Limits{}
	for key, n := range defaults {
		l := list.of(string(key))
		l.Concurrency, l.Origin = &n, "default"
	}
	for _, c := range set {
		if account, ok := weighed(c.Key); ok {
			list.of(account).Weight = &c.Limit
			continue
		}
		l := list.of(c.Key)
		l.Concurrency, l.Origin, l.SetBy, l.SetAt, l.Version = &c.Limit, "set", c.UpdatedBy, c.UpdatedAt, c.Version
	}
	return list
}

// Use adds what is held and, when Redis counted it, waited for.
func (l Limits) Use(usage []admission.KeyUsage, redis bool) {
	for _, u := range usage {
		if u.Key.Dimension() == admission.ResourceDimension {
			continue // always 1, and one a resource
		}
		key := l.of(string(u.Key))
		key.Held = u.Held
		if redis {
			key.Granted, key.Waiting, key.Next = u.Granted, &u.Waiting, u.Next
			key.Applied = &u.Cap
		}
	}
}

// Await adds how long jobs wait, and, when Redis has not said it, how many.
func (l Limits) Await(groups []catalog.WaitingGroup, units producer.Units, redis bool) {
	for _, g := range groups {
		for _, key := range producer.NewRequest(g.Job(), units).Keys {
			entry := l.of(string(key))
			if entry.WaitingSince.IsZero() || g.Oldest.Before(entry.WaitingSince) {
				entry.WaitingSince = g.Oldest
			}
			if redis {
				continue
			}
			if entry.Waiting == nil {
				entry.Waiting = new(int)
			}
			*entry.Waiting += g.Jobs
		}
	}
}

// Sorted returns the keys in order, each with the default that applies to it.
func (l Limits) Sorted() []Limit {
	list := make([]Limit, 0, len(l))
	for _, key := range slices.Sorted(maps.Keys(l)) {
		entry := *l[key]
		if general, ok := l[string(admission.Key(key).Default())]; entry.Concurrency == nil && ok {
			entry.Concurrency, entry.Origin = general.Concurrency, general.Key
		}
		isDefault := admission.Key(key) == admission.Key(key).Default()
		if entry.Waiting == nil && !isDefault {
			entry.Waiting = new(int)
		}
		if entry.Applied != nil && *entry.Applied == SlotsOf(entry.Concurrency) {
			entry.Applied = nil
		}
		list = append(list, entry)
	}
	return list
}

// NoLimit is how admission writes that a key has no cap.
const NoLimit = -1

// SlotsOf returns a cap as admission writes it.
func SlotsOf(concurrency *int) int {
	if concurrency == nil {
		return NoLimit
	}
	return *concurrency
}
