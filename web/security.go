package web

import (
	"net/http"

	"holdfast/web/frame"
)

// securityHeaders sets what every answer carries; handlers may replace the policy.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", frame.Policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// checkHost refuses requests for another name than loopback's while only loopback is
// served: a browser sends such a request for a page on the internet whose owner let its
// name resolve to 127.0.0.1, and would show that page our answer. Programs that send no
// host at all are not browsers.
func checkHost(opts Options, pages *frame.Frame, next http.Handler) http.Handler {
	if opts.AllowRemote {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "" && !isLoopback(hostOf(r.Host)) {
			pages.Fail(w, r, http.StatusForbidden,
				"Only requests for localhost or a loopback address are answered here. Set web.allow_remote to serve other names.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitInFlight answers 503 when limit requests are being worked on.
func limitInFlight(limit int, next http.Handler) http.Handler {
	places := make(chan struct{}, limit)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many requests at once", http.StatusServiceUnavailable)
		}
	})
}
