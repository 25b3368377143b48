package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"holdfast/internal/cache"
	"holdfast/internal/clock"
)

// How readiness asks: a hanging dependency is a failed check after probeTimeout, and
// however many ask, each dependency is probed once in probeKeep.
const (
	probeTimeout = 2 * time.Second
	probeKeep    = time.Second
)

// serveHealth says that the process is alive; it asks nothing of anybody, because a
// restart mends no other process.
func serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}

// readiness answers whether everything this process depends on can be used.
type readiness struct {
	names  []string
	probes []*cache.Answer[time.Duration]
}

// readyAnswer is the document of /readyz.
type readyAnswer struct {
	Ready  bool          `json:"ready"`
	Checks []checkAnswer `json:"checks"`
}

type checkAnswer struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	Ms    int64  `json:"ms"` // how long the probe took, 0 when it did not answer in time
}

func newReadiness(checks []Check) *readiness {
	r := &readiness{}
	wall := clock.System() // probes take real time, whatever the pages show
	for _, c := range checks {
		probe := func(ctx context.Context) (time.Duration, error) {
			start := wall.Now()
			err := c.Probe(ctx)
			return wall.Now().Sub(start), err
		}
		r.names = append(r.names, c.Name)
		r.probes = append(r.probes, cache.New(probe, cache.Options{Name: c.Name, Keep: probeKeep, Timeout: probeTimeout}))
	}
	return r
}

// ServeHTTP answers 200 when all checks pass, else 503, with each check's result.
func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	answer := r.ask(req.Context())
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (r *readiness) ask(ctx context.Context) readyAnswer {
	answer := readyAnswer{Ready: true, Checks: make([]checkAnswer, len(r.probes))}
	var asking sync.WaitGroup
	for i, probe := range r.probes {
		asking.Go(func() {
			took, err := probe.Get(ctx)
			answer.Checks[i] = checkAnswer{Name: r.names[i], OK: err == nil, Ms: took.Milliseconds()}
			if err != nil {
				answer.Checks[i].Error = err.Error()
			}
		})
	}
	asking.Wait()
	for _, c := range answer.Checks {
		answer.Ready = answer.Ready && c.OK
	}
	return answer
}
