package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"holdfast/failure"
)

// The paths.
const (
	overviewPath  = "/"
	stylePath     = "/assets/style.css"
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
func newHandler(opts Options) (http.Handler, error) {
	pages := newPages(opts)
	mux := http.NewServeMux()
	// Methods are checked by readOnly and not by the mux, whose 405 would be bare text and
	// whose catch-all would turn it into a 404.
	mux.Handle(overviewPath+"{$}", pages.readOnly(newOverview(opts, pages)))
	mux.Handle(stylePath, pages.readOnly(http.HandlerFunc(serveStyle)))
	mux.Handle(readinessPath, pages.readOnly(newReadiness(opts.Checks)))
	mux.Handle(metricsPath, pages.readOnly(metricsHandler(opts)))
	mux.HandleFunc("/", pages.notFound)
	if opts.Redis != nil {
		queues, err := newQueues(opts, pages)
		if err != nil {
			return nil, err
		}
		mux.Handle(queuesPath, http.RedirectHandler(queuesPath+"/", http.StatusPermanentRedirect))
		mux.Handle(queuesPath+"/", queues)
	}

	outer := http.NewServeMux()
	outer.Handle(healthPath, pages.readOnly(http.HandlerFunc(serveHealth)))
	outer.Handle("/", limitInFlight(maxInFlight, http.MaxBytesHandler(mux, maxBodyBytes)))
	return securityHeaders(checkHost(opts, pages, outer)), nil
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
func (p *pages) readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !reading(r) {
			w.Header().Set("Allow", "GET, HEAD")
			p.fail(w, r, http.StatusMethodNotAllowed, "This address only answers GET.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *pages) notFound(w http.ResponseWriter, r *http.Request) {
	p.fail(w, r, http.StatusNotFound, "There is no page at this address.")
}
