package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"holdfast/sim/internal/cloud"
)

// Limits of the server.
const (
	maxBodyBytes  = 4 << 20
	readTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 2 * time.Second
	maxHeaderSize = 16 << 10
)

// The paths of the server.
const (
	pathCall      = "/v1/call"
	pathLedger    = "/v1/ledger"
	pathArtefacts = "/v1/artefacts"
	pathFaults    = "/v1/faults"
	pathResources = "/v1/resources"
)

// Ledger is what an organization counted, for a judge in another process.
type Ledger struct {
	Now        time.Time      `json:"now"` // the organization's time
	Calls      map[string]int `json:"calls"`
	Throttled  map[string]int `json:"throttled"`
	Levels     []Level        `json:"levels"`
	Duplicates int            `json:"duplicates"`
	Unfired    []Fault        `json:"unfired"`
}

// Serve lets other processes use the organization through Dial, until ctx ends; then it
// returns nil. It takes the listener over, which must be on a loopback address: there is
// no authentication.
func Serve(ctx context.Context, org *Organization, l net.Listener) error {
	if addr, ok := l.Addr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("serve the simulated organization: %s is not a loopback address", l.Addr()), l.Close())
	}
	// Calls that hang on purpose end with ctx.
	server := &http.Server{
		Handler: handler(org), ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderSize, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		// What has not ended by then, such as a connection nobody used yet, is cut.
		if server.Shutdown(drain) == nil {
			stopped <- nil
			return
		}
		stopped <- server.Close()
	})
	err := server.Serve(l)
	if stop() {
		return fmt.Errorf("serve the simulated organization: %w", err)
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("stop serving the simulated organization: %w", err)
	}
	return nil
}

func handler(org *Organization) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathCall, func(w http.ResponseWriter, r *http.Request) {
		var call cloud.WireCall
		if decode(w, r, &call) {
			reply(w, org.Answer(r.Context(), call))
		}
	})
	mux.HandleFunc("GET "+pathLedger, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, Ledger{
			Now: org.Now(), Calls: org.Calls(), Throttled: org.Throttled(), Levels: org.Levels(),
			Duplicates: org.Duplicates(), Unfired: org.Unfired(),
		})
	})
	mux.HandleFunc("GET "+pathArtefacts, func(w http.ResponseWriter, _ *http.Request) { reply(w, org.History()) })
	mux.HandleFunc("POST "+pathFaults, func(w http.ResponseWriter, r *http.Request) {
		var fault Fault
		if decode(w, r, &fault) {
			org.Inject(fault)
			reply(w, struct{}{})
		}
	})
	mux.HandleFunc("DELETE "+pathFaults, func(w http.ResponseWriter, r *http.Request) {
		var fault Fault
		if decode(w, r, &fault) {
			org.Lift(fault.Effect, fault.Account)
			reply(w, struct{}{})
		}
	})
	mux.HandleFunc("POST "+pathResources, func(w http.ResponseWriter, r *http.Request) {
		var b Blueprint
		if !decode(w, r, &b) {
			return
		}
		arn, err := org.Create(b)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply(w, arn)
	})
	return mux
}

// decode reads a JSON body within the limit; on failure it has answered.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err := d.Decode(into); err != nil {
		http.Error(w, "decode the request: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// reply sends JSON. A failure to write means that the client is gone.
func reply(w http.ResponseWriter, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "encode the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw)
}
