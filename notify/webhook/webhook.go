// Package webhook sends notifications over HTTP: whole and signed, or as the text of a
// Slack-compatible incoming webhook.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/failure"
	"holdfast/notify"
)

// Limits of one call.
const (
	timeout    = 10 * time.Second
	maxAnswer  = 4 << 10
	maxSnippet = 200
)

// Hook is a target that gets every message as JSON.
type Hook struct {
	url, secret string
	client      *http.Client
	// payload makes the body of a message.
	payload func(notify.Message) ([]byte, error)
}

var _ notify.Target = (*Hook)(nil)

// New returns a target that posts messages to address, signed with secret unless it is
// empty.
func New(address, secret string, tlsConfig *tls.Config) *Hook {
	return &Hook{url: address, secret: secret, client: newClient(tlsConfig), payload: whole}
}

// NewSlack returns a target that posts the text of messages to an incoming webhook of
// Slack, Mattermost, Rocket.Chat or whatever else takes {"text": "..."}.
// Source: https://api.slack.com/messaging/webhooks
func NewSlack(address string, tlsConfig *tls.Config) *Hook {
	return &Hook{url: address, client: newClient(tlsConfig), payload: slackText}
}

func newClient(tlsConfig *tls.Config) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	transport.TLSClientConfig = tlsConfig
	return &http.Client{
		Timeout: timeout, Transport: transport,
		// A redirect would take the message, and its signature, somewhere nobody configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func whole(m notify.Message) ([]byte, error) { return json.Marshal(m) }

// slackText escapes the three characters that mean something there.
// Source: https://api.slack.com/reference/surfaces/formatting#escaping
func slackText(m notify.Message) ([]byte, error) {
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(m.Text)
	return json.Marshal(map[string]string{"text": text})
}

// Send implements notify.Target. A status of the client's fault, other than one that
// passes by itself, is final.
func (h *Hook) Send(ctx context.Context, m notify.Message) error {
	body, err := h.payload(m)
	if err != nil {
		return failure.Errorf(failure.Internal, "encode message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return failure.Errorf(failure.Invalid, "the address cannot be used: %w", hidden(err))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "holdfast")
	request.Header.Set("Holdfast-Notification", m.ID)
	if h.secret != "" {
		request.Header.Set(SignatureHeader, Sign(h.secret, body, m.SentAt))
	}
	answer, err := h.client.Do(request)
	if err != nil {
		return failure.Errorf(failure.Transient, "post: %w", hidden(err))
	}
	defer func() { _ = answer.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return judge(answer.StatusCode, string(said))
}

// hidden takes the address out of an error of the client: it is often a secret.
func hidden(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// judge turns a status into an error with a class.
func judge(status int, said string) error {
	class := failure.Transient
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests:
		class = failure.Throttled
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status >= 500:
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		class = failure.Denied
	case status == http.StatusNotFound || status == http.StatusGone:
		class = failure.NotFound
	default:
		class = failure.Invalid
	}
	said = strings.TrimSpace(said)
	if len(said) > maxSnippet {
		said = said[:maxSnippet] + "..."
	}
	return failure.Errorf(class, "the webhook answered %d %s: %s", status, http.StatusText(status), fmt.Sprintf("%q", said))
}
