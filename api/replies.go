package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/internal/clock"
	"holdfast/operator"
)

// Idempotency keys: a write that brings one is done once, and whoever asks again gets what
// was answered then.
const (
	keyHeader = "Idempotency-Key"
	replayed  = "Idempotency-Replayed"
	keepReply = 24 * time.Hour
	// begunFor is how long a request whose process died keeps its key.
	begunFor     = time.Minute
	endTimeout   = 5 * time.Second
	maxKeptReply = 1 << 20
)

// replies answers writes with a key from what is kept.
type replies struct {
	store catalog.Logins
	clock clock.Clock
	log   zerolog.Logger
	next  http.Handler
}

// ServeHTTP implements http.Handler.
func (h replies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get(keyHeader)
	if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
		h.next.ServeHTTP(w, r)
		return
	}
	if len(key) > operator.MaxKey {
		writeProblem(w, http.StatusUnprocessableEntity, fmt.Sprintf("%s has %d characters: use 1 to %d", keyHeader, len(key), operator.MaxKey))
		return
	}
	content, err := io.ReadAll(r.Body)
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		writeProblem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request has more than %d bytes", large.Limit))
		return
	} else if err != nil {
		writeProblem(w, http.StatusBadRequest, "the request could not be read")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(content))
	now := h.clock.Now()
	asked := catalog.Reply{
		Key: digest(access.From(r.Context()).Name, key), Request: digest(r.Method, r.URL.RequestURI(), string(content)),
		ExpiresAt: now.Add(begunFor),
	}
	kept, fresh, err := h.store.BeginReply(r.Context(), asked, now)
	switch {
	case err != nil:
		h.log.Error().Err(err).Msg("an idempotency key could not be kept")
		writeProblem(w, http.StatusServiceUnavailable, "the request could not be answered; nothing was changed")
	case fresh:
		h.carryOut(w, r, asked)
	default:
		replay(w, kept, asked)
	}
}

// carryOut does what is asked and keeps the answer. A fault is not kept: asking again may
// go better.
func (h replies) carryOut(w http.ResponseWriter, r *http.Request, asked catalog.Reply) {
	seen := &recorder{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		asked.Status, asked.Body, asked.ExpiresAt = seen.status, seen.body.String(), h.clock.Now().Add(keepReply)
		if seen.status >= http.StatusInternalServerError || seen.body.Len() > maxKeptReply {
			asked.Status = 0
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), endTimeout)
		defer cancel()
		if err := h.store.EndReply(ctx, asked); err != nil {
			h.log.Error().Err(err).Msg("an answer could not be kept for its idempotency key")
		}
	}()
	h.next.ServeHTTP(seen, r)
}

func replay(w http.ResponseWriter, kept, asked catalog.Reply) {
	switch {
	case kept.Request != asked.Request:
		writeProblem(w, http.StatusUnprocessableEntity, "this "+keyHeader+" was used for another request: use another key")
	case kept.Status == 0:
		w.Header().Set("Retry-After", "1")
		writeProblem(w, http.StatusConflict, "the request with this "+keyHeader+" is being worked on: ask again")
	default:
		kind := "application/json"
		if kept.Status >= http.StatusBadRequest {
			kind = "application/problem+json"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set(replayed, "true")
		w.WriteHeader(kept.Status)
		_, _ = io.WriteString(w, kept.Body)
	}
}

// recorder notes what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.body.Len() <= maxKeptReply {
		r.body.Write(p)
	}
	return r.ResponseWriter.Write(p)
}

// digest tells lists of texts apart.
func digest(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// writeProblem answers an error outside the operations.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}
