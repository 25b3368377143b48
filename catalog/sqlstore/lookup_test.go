package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/internal/testkit"
)

// TestLookupsShareReads lets calls arrive while reads are under way: all of them are
// answered, each with its own row, by far fewer reads than calls.
func TestLookupsShareReads(t *testing.T) {
	t.Parallel()
	const calls = 200
	release, entered := make(chan struct{}), make(chan struct{}, calls)
	reads := 0
	var mu sync.Mutex
	l := newLookups(func(_ context.Context, keys []string) (map[string]string, error) {
		mu.Lock()
		reads++
		mu.Unlock()
		entered <- struct{}{}
		<-release
		rows := map[string]string{}
		for _, k := range keys {
			if k != "key-0" { // nobody made it
				rows[k] = "row of " + k
			}
		}
		return rows, nil
	})
	var group sync.WaitGroup
	ask := func(i int) {
		key := fmt.Sprintf("key-%d", i%50)
		got, err := l.get(t.Context(), "thing", key)
		switch {
		case key == "key-0" && !errors.Is(err, catalog.ErrNotFound):
			t.Errorf("%s: got %v, want ErrNotFound", key, err)
		case key != "key-0" && (err != nil || got != "row of "+key):
			t.Errorf("%s: got %q, %v", key, got, err)
		}
	}
	for i := range lookupReaders { // every reader is busy before the rest arrives
		group.Go(func() { ask(i + 1) })
		<-entered
	}
	for i := range calls {
		group.Go(func() { ask(i) })
	}
	testkit.Eventually(t, 10*time.Second, "every call to arrive", func() bool {
		return l.calls.Waiting() == calls
	})
	close(release)
	group.Wait()
	l.calls.Wait()
	if most := lookupReaders + 1; reads > most {
		t.Errorf("%d reads for %d calls, want at most %d", reads, calls, most)
	}
}

// TestLookupFaultsStayApart: a row that cannot be read fails its own call only, a database
// that does not answer fails all, and a caller that gives up leaves the others alone.
func TestLookupFaultsStayApart(t *testing.T) {
	t.Parallel()
	broken := errors.New("decode tags: unexpected end")
	l := newLookups(func(ctx context.Context, keys []string) (map[string]string, error) {
		if strings.Contains(strings.Join(keys, " "), "bad") {
			return nil, broken
		}
		return map[string]string{keys[0]: "good"}, ctx.Err()
	})
	batch := make([]*lookup[string], 3)
	for i, key := range []string{"a", "bad", "c"} {
		batch[i] = &lookup[string]{ctx: t.Context(), key: key}
	}
	l.read(batch)
	for _, c := range batch {
		if wrong := c.key == "bad"; errors.Is(c.err, broken) != wrong || c.found == wrong {
			t.Errorf("%s: found %v, error %v", c.key, c.found, c.err)
		}
	}
	l.fetch = func(context.Context, []string) (map[string]string, error) { return nil, context.DeadlineExceeded }
	l.read(batch)
	for _, c := range batch {
		if !errors.Is(c.err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want the database's error", c.key, c.err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.get(gone, "thing", "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that gave up: %v", err)
	}
}
