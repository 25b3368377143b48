package web_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"holdfast/failure"
	"holdfast/internal/testkit"
	"holdfast/web"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	taken := strings.TrimPrefix(serve(t, options()), "http://")
	table := map[string]struct {
		change func(*web.Options)
		want   []string
	}{
		"every interface":  {func(o *web.Options) { o.Listen = ":0" }, []string{"web.listen", "other machines", "web.allow_remote"}},
		"another address":  {func(o *web.Options) { o.Listen = "192.0.2.7:80" }, []string{"192.0.2.7:80", "web.login"}},
		"a name":           {func(o *web.Options) { o.Listen = "backup.example.com:80" }, []string{"web.allow_remote"}},
		"no port":          {func(o *web.Options) { o.Listen = "127.0.0.1" }, []string{"web.listen", "not host:port"}},
		"a taken port":     {func(o *web.Options) { o.Listen = taken }, []string{"web.listen", taken, "choose another"}},
		"pages for all":    {func(o *web.Options) { o.Listen, o.AllowRemote, o.API = ":0", true, http.NotFoundHandler() }, []string{"web.login", "could look and act"}},
		"no users":         {func(o *web.Options) { o.LoginRequired = true }, []string{"Logins"}},
		"nothing to serve": {func(o *web.Options) { o.Gatherer = nil }, []string{"Gatherer"}},
		"two mistakes":     {func(o *web.Options) { o.Gatherer, o.Listen = nil, ":0" }, []string{"Gatherer", "web.listen"}},
	}
	for name, row := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := options()
			row.change(&opts)
			server, err := web.New(opts)
			if err == nil {
				_ = server.Close()
				t.Fatal("accepted")
			}
			if !failure.Is(err, failure.Invalid) {
				t.Errorf("class %s, want invalid", failure.ClassOf(err))
			}
			for _, part := range row.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestLoopbackNamesAreAccepted(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"localhost:0", "127.0.0.1:0", "127.8.9.10:0"} {
		opts := options()
		opts.Listen = address
		server, err := web.New(opts)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestShutdownFinishesRequests stops the server while a request is being answered.
func TestShutdownFinishesRequests(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	opts := options()
	registry := prometheus.NewRegistry()
	registry.MustRegister(slowCollector{begun, release})
	opts.Gatherer = registry
	server, err := web.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	answered := make(chan answer, 1)
	go func() { answered <- get(t, "http://"+server.Addr()+"/metrics") }()
	<-begun
	stop()
	testkit.Eventually(t, 10*time.Second, "the port to be closed", func() bool {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Addr())
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	})
	close(release)
	(<-answered).wantStatus(t, http.StatusOK)
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if err := server.Close(); err != nil {
		t.Errorf("Close after Run: %v", err)
	}
}

// slowCollector says when it is asked and answers when released.
type slowCollector struct{ begun, release chan struct{} }

func (slowCollector) Describe(chan<- *prometheus.Desc) {}

func (c slowCollector) Collect(chan<- prometheus.Metric) {
	close(c.begun)
	<-c.release
}

func TestRunSaysWhyItEnded(t *testing.T) {
	t.Parallel()
	server, err := web.New(options())
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context()); err == nil || !strings.Contains(err.Error(), server.Addr()) {
		t.Errorf("Run on a closed port returned %v", err)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	good := prometheus.NewGauge(prometheus.GaugeOpts{Name: "holdfast_good", Help: "Good."})
	registry.MustRegister(good, brokenCollector{})
	opts := options()
	opts.Gatherer = registry
	get(t, serve(t, opts)+"/metrics").wantStatus(t, http.StatusOK).wantBody(t, "holdfast_good 0")
}

// brokenCollector has a metric that cannot be collected; the others must still be served.
type brokenCollector struct{}

func (brokenCollector) Describe(chan<- *prometheus.Desc) {}

func (brokenCollector) Collect(out chan<- prometheus.Metric) {
	out <- prometheus.NewInvalidMetric(prometheus.NewDesc("holdfast_bad", "Bad.", nil, nil), errors.New("broken"))
}
