package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"holdfast/internal/clock"
)

// How live pages hear of changes.
const (
	hubEvery   = time.Second      // how often the catalog is asked whether there is news
	hubSilence = 15 * time.Second // after this long without news a listener is written to all the same
	hubWrite   = 10 * time.Second // how long a listener may take
	maxLive    = 256              // listeners
)

// hub tells its listeners that something happened. It asks the catalog only while
// somebody listens, and once for all of them.
type hub struct {
	last func(context.Context) (int64, error)
	wall clock.Clock
	log  zerolog.Logger

	mu        sync.Mutex
	listeners map[chan int64]bool
	asking    bool
	closed    chan struct{}
	once      sync.Once
	done      sync.WaitGroup
}

func newHub(last func(context.Context) (int64, error), log zerolog.Logger) *hub {
	return &hub{last: last, wall: clock.System(), log: log, listeners: map[chan int64]bool{}, closed: make(chan struct{})}
}

// close ends every stream and waits for the question under way.
func (h *hub) close() {
	h.once.Do(func() { close(h.closed) })
	h.done.Wait()
}

// join returns where news come; nil when there are too many listeners, or no more news.
func (h *hub) join() chan int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closed:
		return nil
	default:
	}
	if len(h.listeners) >= maxLive {
		return nil
	}
	news := make(chan int64, 1)
	h.listeners[news] = true
	if !h.asking {
		h.asking = true
		h.done.Go(h.ask)
	}
	return news
}

func (h *hub) leave(news chan int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, news)
}

// ask watches the catalog until nobody listens.
func (h *hub) ask() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-h.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	known := int64(-1)
	for h.wall.Sleep(ctx, hubEvery) == nil && h.listened() {
		seq, err := h.last(ctx)
		if err != nil && ctx.Err() == nil {
			h.log.Warn().Err(err).Msg("live pages could not ask for news")
		}
		if err == nil && seq != known {
			known = seq
			h.tell(seq)
		}
	}
}

// listened reports whether somebody listens; if not, asking ends.
func (h *hub) listened() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asking = len(h.listeners) > 0
	return h.asking
}

// tell leaves the number with everybody who has taken the last one.
func (h *hub) tell(seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for news := range h.listeners {
		select {
		case news <- seq:
		default: // it has not taken the last news yet: the page asks for all that is new anyway
		}
	}
}

// ServeHTTP streams "changed" events.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	news := h.join()
	if news == nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many live pages at once", http.StatusServiceUnavailable)
		return
	}
	defer h.leave(news)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy in front must not keep it back
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{}) // the server's is for a request, which has ended
	for text := "retry: 2000\n\n"; text != ""; text = h.next(r.Context(), news) {
		if out.SetWriteDeadline(h.wall.Now().Add(hubWrite)) != nil {
			return
		}
		if _, err := fmt.Fprint(w, text); err != nil || out.Flush() != nil {
			return
		}
	}
}

// next waits for what to write; "" ends the stream.
func (h *hub) next(ctx context.Context, news chan int64) string {
	silence, cancel := context.WithTimeout(ctx, hubSilence)
	defer cancel()
	select {
	case <-h.closed:
		return ""
	case seq := <-news:
		return fmt.Sprintf("event: changed\ndata: %d\n\n", seq)
	case <-silence.Done():
		if ctx.Err() != nil {
			return ""
		}
		return ": still here\n\n"
	}
}
