package web

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/web/frame"
)

// Options are the settings and sources of a Server. Only Listen and Gatherer are
// required: a process without Redis and Pages serves health and metrics.
type Options struct {
	Listen string // host:port; port 0 takes a free one, see Server.Addr
	// AllowRemote permits an address others can reach, and requests that name any host.
	AllowRemote bool
	// AsynqmonActions lets the queue pages run, archive and delete tasks; only on loopback.
	AsynqmonActions bool

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
	case !loopback && o.AsynqmonActions:
		problems = append(problems, fmt.Errorf(
			"web.asynqmon_actions: everybody who reaches %s could run and delete tasks, because the pages ask for no password yet: listen on 127.0.0.1 or leave actions off",
			o.Listen))
	}
	if len(problems) > 0 {
		return &failure.Error{Class: failure.Invalid, Err: errors.Join(problems...)}
	}
	return nil
}

func remoteRefused(address string) error {
	return fmt.Errorf(
		"web.listen: %s can be reached from other machines and the pages ask for no password yet: listen on 127.0.0.1, or put a proxy that authenticates in front and set web.allow_remote",
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
