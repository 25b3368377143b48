package webhook_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast/failure"
	"holdfast/notify"
	"holdfast/notify/webhook"
)

const secret = "0123456789abcdef"

var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

func message() notify.Message {
	m := notify.Samples()[0]
	m.SentAt, m.Text = noon, "a < b & c"
	return m
}

// received is one request as the server saw it.
type received struct {
	header http.Header
	body   []byte
}

func server(t *testing.T, status int, answer string) (string, chan received) {
	t.Helper()
	got := make(chan received, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{r.Header, body}
		if status == http.StatusFound {
			w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

func TestSignedMessageArrives(t *testing.T) {
	t.Parallel()
	url, got := server(t, 204, "")
	if err := webhook.New(url, secret, nil).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	r := <-got
	header := r.header.Get(webhook.SignatureHeader)
	if err := webhook.Verify(secret, header, r.body, noon.Add(time.Minute), 5*time.Minute); err != nil {
		t.Errorf("verify: %v", err)
	}
	for name, err := range map[string]error{
		"another secret": webhook.Verify(secret+"x", header, r.body, noon, time.Minute),
		"changed body":   webhook.Verify(secret, header, append(r.body, ' '), noon, time.Minute),
		"played back":    webhook.Verify(secret, header, r.body, noon.Add(time.Hour), time.Minute),
		"changed time":   webhook.Verify(secret, strings.Replace(header, "t=1", "t=2", 1), r.body, noon, time.Minute),
		"no header":      webhook.Verify(secret, "", r.body, noon, time.Minute),
	} {
		if !errors.Is(err, webhook.ErrSignature) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	var m notify.Message
	if err := json.Unmarshal(r.body, &m); err != nil || m.Count != 1 || m.Events[0].Class != failure.Denied || m.ID != r.header.Get("Holdfast-Notification") {
		t.Errorf("the body is %s, %v", r.body, err)
	}
}

func TestSlackGetsTheText(t *testing.T) {
	t.Parallel()
	url, got := server(t, 200, "ok")
	if err := webhook.NewSlack(url, nil).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	r := <-got
	var m map[string]string
	if err := json.Unmarshal(r.body, &m); err != nil || len(m) != 1 || m["text"] != "a &lt; b &amp; c" {
		t.Errorf("the body is %s, %v", r.body, err)
	}
	if r.header.Get(webhook.SignatureHeader) != "" {
		t.Error("Slack has no use for a signature")
	}
}

// TestEveryStatus says for every status whether the message is tried again.
func TestEveryStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]failure.Class{
		200: "", 201: "", 299: "", 302: failure.Invalid, 400: failure.Invalid, 401: failure.Denied, 403: failure.Denied, 404: failure.NotFound,
		408: failure.Transient, 410: failure.NotFound, 413: failure.Invalid, 425: failure.Transient, 429: failure.Throttled, 500: failure.Transient,
		502: failure.Transient, 503: failure.Transient, 504: failure.Transient,
	} {
		url, _ := server(t, status, strings.Repeat("x", 9000))
		err := webhook.New(url, "", nil).Send(t.Context(), message())
		if want == "" && err != nil || want != "" && failure.ClassOf(err) != want {
			t.Errorf("status %d: error %v, want class %q", status, err, want)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("status %d: the error repeats the whole answer", status)
		}
	}
}

func TestAddressIsNotGivenAway(t *testing.T) {
	t.Parallel()
	err := webhook.New("http://127.0.0.1:1/services/topsecret", "", nil).Send(t.Context(), message())
	if failure.ClassOf(err) != failure.Transient || strings.Contains(err.Error(), "topsecret") {
		t.Errorf("the error is %v", err)
	}
}
