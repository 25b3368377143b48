package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"

	"holdfast/web/frame"
)

// sharedRedis hands asynqmon a client that belongs to the process. asynqmon's Close would
// close it and is never called.
type sharedRedis struct{ client redis.UniversalClient }

// MakeRedisClient implements asynq.RedisConnOpt.
func (s sharedRedis) MakeRedisClient() any { return s.client }

// newQueues mounts asynqmon below queuesPath. Without actions it refuses everything but
// reading before asynqmon sees it.
func newQueues(opts Options, f *frame.Frame) (http.Handler, error) {
	browser := asynqmon.New(asynqmon.Options{
		RootPath: queuesPath, RedisConnOpt: sharedRedis{opts.Redis}, ReadOnly: !opts.AsynqmonActions,
	})
	policy, err := queuesPolicy(browser)
	if err != nil {
		return nil, fmt.Errorf("mount the queue pages: %w", err)
	}
	withPolicy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Frame-Options", "SAMEORIGIN") // the page of the queues has it inside
		if strings.HasPrefix(r.URL.Path, queuesPath+"/static/") {
			// Their names change with their content.
			w.Header().Set("Cache-Control", "private, max-age=86400")
		}
		browser.ServeHTTP(w, r)
	})
	if !opts.AsynqmonActions {
		return readOnly(f, withPolicy), nil
	}
	return withPolicy, nil
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// queuesPolicy returns the content security policy asynqmon's pages work under: its
// inline scripts by hash and no others, its injected styles, nothing from other sites.
// Its page asks for fonts from Google, which is refused: an operator's browser should not
// tell a third party when backups are looked at, and the page falls back to system fonts.
func queuesPolicy(browser http.Handler) (string, error) {
	page, err := firstPage(browser)
	if err != nil {
		return "", err
	}
	scripts := inlineScript.FindAllSubmatch(page, -1)
	if len(scripts) == 0 {
		return "", errors.New("asynqmon's page has no inline scripts any more: review its content security policy")
	}
	var hashes strings.Builder
	for _, script := range scripts {
		sum := sha256.Sum256(script[1])
		fmt.Fprintf(&hashes, " 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
	}
	return "default-src 'none'; script-src 'self'" + hashes.String() + "; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'", nil
}

// firstPage returns the page asynqmon serves; every address below it is the same page.
func firstPage(browser http.Handler) ([]byte, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, queuesPath+"/", http.NoBody)
	if err != nil {
		return nil, err
	}
	w := &capture{header: http.Header{}, status: http.StatusOK}
	browser.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		return nil, fmt.Errorf("asynqmon answers %d: %s", w.status, w.body.String())
	}
	return w.body.Bytes(), nil
}

// capture is a ResponseWriter that keeps the answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header         { return c.header }
func (c *capture) WriteHeader(status int)      { c.status = status }
func (c *capture) Write(p []byte) (int, error) { return c.body.Write(p) }
