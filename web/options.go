package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/login"
	"holdfast/web/frame"
)

// Options are the settings and sources of a Server. Only Listen and Gatherer are
// required: a process without Redis and Pages serves health and metrics.
type Options struct {
	Listen string // host:port; port 0 takes a free one, see Server.Addr
	// AllowRemote permits an address others can reach, and requests that name any host.
	AllowRemote bool
	// AsynqmonActions lets the queue pages run, archive and delete tasks; only on loopback,
	// or for administrators who signed in.
	AsynqmonActions bool
	// Logins knows users and tokens; LoginRequired asks everybody for a login. Without a
	// login, pages are served on loopback only. Metrics and health alone need none.
	Logins        *login.Keeper
	LoginRequired bool
	// API answers below /api/; nil: there is none.
	API http.Handler

	Installation string
	Version      string

	Gatherer prometheus.Gatherer
	Checks   []Check
	// Redis is what the queue pages show; nil: there are none. asynqmon's Redis page wants
	// a *redis.Client or *redis.ClusterClient and stays empty with another client.
	Redis redis.UniversalClient
	// Pages are the pages for people; nil: there are none.
	Pages Pages
	// Frame is around every page; nil makes one.
	Frame *frame.Frame

	Log zerolog.Logger
	// Clock is the time pages show; nil is the machine's.
	Clock clock.Clock
}

// Check asks whether something this process depends on can be used.
type Check struct {
	Name string // catalog, redis, ...
	// Probe returns nil when it can. It is given a context of two seconds and not called
	// again while it runs, nor within a second.
	Probe func(ctx context.Context) error
}

// validate returns all that is wrong with o, with class invalid.
func (o Options) validate() error {
	var problems []error
	if o.Gatherer == nil {
		problems = append(problems, errors.New("web: no metrics to serve: Gatherer is nil"))
	}
	host, _, err := net.SplitHostPort(o.Listen)
	switch loopback := isLoopback(host); {
	case err != nil:
		problems = append(problems, fmt.Errorf("web.listen: %q is not host:port: %w", o.Listen, err))
	case !loopback && !o.AllowRemote:
		problems = append(problems, remoteRefused(o.Listen))
	case !loopback && o.hasPages() && !o.LoginRequired:
		problems = append(problems, fmt.Errorf(
			"web.login: everybody who reaches %s could look and act, because the pages ask for no login: set web.login, or listen on 127.0.0.1", o.Listen))
	case o.LoginRequired && o.Logins == nil:
		problems = append(problems, errors.New("web: a login is required and nobody can sign in: Logins is nil"))
	}
	if len(problems) > 0 {
		return &failure.Error{Class: failure.Invalid, Err: errors.Join(problems...)}
	}
	return nil
}

// hasPages reports whether there is more than metrics and health.
func (o Options) hasPages() bool { return o.Redis != nil || o.Pages != nil || o.API != nil }

func remoteRefused(address string) error {
	return fmt.Errorf(
		"web.listen: %s can be reached from other machines: listen on 127.0.0.1, or set web.allow_remote and web.login and put TLS in front",
		address)
}

// isLoopback reports whether host names this machine's loopback interface without asking
// a resolver. The empty host means every interface.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
