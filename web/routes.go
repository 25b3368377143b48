package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"holdfast/failure"
	"holdfast/web/frame"
)

// The paths.
const (
	homePath      = "/"
	healthPath    = "/healthz"
	readinessPath = "/readyz"
	metricsPath   = "/metrics"
	queuesPath    = "/queues"
)

// Scrapes are bounded apart: a slow collector must not use up the requests of people.
const (
	maxScrapes    = 4
	scrapeTimeout = 9 * time.Second // Prometheus gives up after 10
)

// newHandler puts the routes together, inside what guards all of them.
func newHandler(opts Options, f *frame.Frame) (http.Handler, error) {
	mux := http.NewServeMux()
	// Methods are checked by readOnly and not by the mux, whose 405 would be bare text and
	// whose catch-all would turn it into a 404.
	mux.Handle(frame.AssetsPath, readOnly(f, frame.Assets(notFound(f))))
	mux.Handle(readinessPath, readOnly(f, newReadiness(opts.Checks)))
	mux.Handle(metricsPath, readOnly(f, metricsHandler(opts)))
	mux.HandleFunc("/", notFound(f))
	if opts.Redis != nil {
		queues, err := newQueues(opts, f)
		if err != nil {
			return nil, err
		}
		mux.Handle(queuesPath+"/", queues)
	}
	outer := http.NewServeMux()
	if opts.Pages != nil {
		opts.Pages.Register(mux)
		outer.Handle(livePath, readOnly(f, opts.Pages.Live())) // streams do not count as in flight
	} else {
		mux.Handle(homePath+"{$}", readOnly(f, home(f)))
		mux.Handle(queuesPath, http.RedirectHandler(queuesPath+"/", http.StatusPermanentRedirect))
	}
	if opts.API != nil {
		mux.Handle("/api/", opts.API)
	}
	outer.Handle(healthPath, readOnly(f, http.HandlerFunc(serveHealth)))
	outer.Handle("/", limitInFlight(maxInFlight, http.MaxBytesHandler(mux, maxBodyBytes)))
	return securityHeaders(checkHost(opts, f, gate(opts, f.Fail, outer))), nil
}

func metricsHandler(opts Options) http.Handler {
	return promhttp.HandlerFor(opts.Gatherer, promhttp.HandlerOpts{
		ErrorLog: scrapeLog{opts}, ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout,
	})
}

// scrapeLog is where promhttp says which metrics it had to leave out.
type scrapeLog struct{ opts Options }

func (l scrapeLog) Println(v ...any) {
	l.opts.Log.Error().Str("class", string(failure.Internal)).Msg("metrics left out: " + strings.TrimSpace(fmt.Sprintln(v...)))
}

// reading reports whether r only reads.
func reading(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// readOnly answers anything but GET and HEAD with a 405 page.
func readOnly(f *frame.Frame, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !reading(r) {
			f.NotAllowed(w, r, []string{http.MethodGet})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func notFound(f *frame.Frame) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.Fail(w, r, http.StatusNotFound, "There is no page at this address.")
	}
}
