package dashboard

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestHubTellsOfChangesAndEnds(t *testing.T) {
	t.Parallel()
	var seq atomic.Int64
	seq.Store(7)
	h := newHub(func(context.Context) (int64, error) { return seq.Load(), nil }, zerolog.Nop())
	server := httptest.NewServer(h)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("content type %q", kind)
	}
	lines := bufio.NewScanner(response.Body)
	for _, want := range []string{"data: 7", "data: 8"} {
		for lines.Scan() && lines.Text() != want {
		}
		if lines.Text() != want {
			t.Fatalf("the stream ended before %q", want)
		}
		seq.Add(1)
	}
	h.close() // as at a shutdown
	for lines.Scan() {
	}
	if ctx.Err() != nil {
		t.Error("the stream did not end")
	}
	late := httptest.NewRecorder()
	h.ServeHTTP(late, request)
	if late.Code != http.StatusServiceUnavailable || !strings.Contains(late.Body.String(), "live") {
		t.Errorf("after the end it answers %d", late.Code)
	}
}

func TestHubHasAPlaceForSoMany(t *testing.T) {
	t.Parallel()
	h := newHub(func(context.Context) (int64, error) { return 1, nil }, zerolog.Nop())
	defer h.close()
	for range maxLive {
		if h.join() == nil {
			t.Fatal("refused too early")
		}
	}
	if h.join() != nil {
		t.Error("one too many was let in")
	}
}
