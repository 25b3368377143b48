package sqlstore

import (
	"context"
	"fmt"

	"holdfast/catalog"
	"holdfast/internal/gather"
)

// Limits of gathered reads.
const (
	maxLookup     = 512 // keys of one statement
	lookupReaders = 1   // statements at once: more would only make them smaller
	lookupWorth   = 64  // keys that are worth a statement at once, when others were just read
)

// lookups gathers concurrent reads by key, as group gathers commits: calls that arrive
// while statements are under way share the next one, and a lone call is alone in its own
// at once. Hundreds of start tasks each read one job; a statement costs the database
// about the same for one row as for fifty. What a call gets was read after it was made.
type lookups[T any] struct {
	fetch fetch[T]
	calls *gather.Gatherer[*lookup[T]]
}

// fetch returns the rows of those keys that exist.
type fetch[T any] func(ctx context.Context, keys []string) (map[string]T, error)

func newLookups[T any](f fetch[T]) *lookups[T] {
	l := &lookups[T]{fetch: f}
	l.calls = gather.New(maxLookup, lookupReaders, func(batch []*lookup[T]) {
		l.read(batch)
		for _, c := range batch {
			close(c.done)
		}
	}).Linger(lookupWorth, linger)
	return l
}

// lookup is one call on its way. found and err are written before done is closed.
type lookup[T any] struct {
	ctx   context.Context
	key   string
	value T
	found bool
	err   error
	done  chan struct{}
}

// get returns the row of key, or ErrNotFound; what names it in errors.
func (l *lookups[T]) get(ctx context.Context, what, key string) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, fmt.Errorf("read %s %s: %w", what, key, err)
	}
	c := &lookup[T]{ctx: ctx, key: key, done: make(chan struct{})}
	l.calls.Add(c)
	select {
	case <-c.done:
	case <-ctx.Done():
		return zero, fmt.Errorf("read %s %s: %w", what, key, ctx.Err())
	}
	switch {
	case c.err != nil:
		return zero, c.err
	case !c.found:
		return zero, fmt.Errorf("read %s %s: %w", what, key, catalog.ErrNotFound)
	default:
		return c.value, nil
	}
}

// read answers batch. A call alone is read under its own context; several are read under
// nobody's, because one that gives up must not fail the others. A row that cannot be
// decoded fails its own call only.
func (l *lookups[T]) read(batch []*lookup[T]) {
	ctx := context.Background()
	if len(batch) == 1 {
		ctx = batch[0].ctx
	}
	keys := make([]string, len(batch))
	for i, c := range batch {
		keys[i] = c.key
	}
	rows, err := l.fetch(ctx, keys)
	if err != nil && len(batch) > 1 && ownFault(err) {
		for _, c := range batch {
			l.read([]*lookup[T]{c})
		}
		return
	}
	for _, c := range batch {
		c.err = err
		c.value, c.found = rows[c.key]
	}
}
