package web

import (
	"context"
	"errors"
	"fmt"
	stdlog "log" //nolint:depguard // net/http takes no other logger
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"holdfast/failure"
	"holdfast/internal/clock"
)

// Limits of the server.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = time.Minute
	shutdownTimeout   = 10 * time.Second
	maxHeaderBytes    = 16 << 10
	maxBodyBytes      = 1 << 20 // a batch of task ids in asynqmon
	maxInFlight       = 64      // requests worked on at once, health checks aside
)

// Server serves the pages of one process.
type Server struct {
	http     *http.Server
	listener net.Listener
	log      zerolog.Logger
}

// New checks opts and begins to listen, so that Addr is known and a taken port is an
// error at once; Run answers. Errors of class invalid name the setting to change. A
// server that is not run must be closed.
func New(opts Options) (*Server, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	handler, err := newHandler(opts, newFrame(opts))
	if err != nil {
		return nil, err
	}
	listener, err := listen(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{
		listener: listener, log: opts.Log,
		http: &http.Server{
			Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
			WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
			ErrorLog: stdlog.New(serverLog{opts.Log}, "", 0),
		},
	}
	if opts.Pages != nil {
		s.http.RegisterOnShutdown(opts.Pages.Close) // a stream would never end by itself
	}
	return s, nil
}

// listen opens the address. A name like localhost can stand for anything in a hosts
// file, so what was really opened is checked again.
func listen(opts Options) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", opts.Listen)
	if err != nil {
		return nil, &failure.Error{Class: failure.Invalid, Err: fmt.Errorf(
			"web.listen: %w: choose another address, or port 0 for a free one", err)}
	}
	if address := listener.Addr().String(); !opts.AllowRemote && !isLoopback(hostOf(address)) {
		return nil, errors.Join(&failure.Error{Class: failure.Invalid, Err: remoteRefused(address)}, listener.Close())
	}
	return listener, nil
}

// Addr returns host:port the server listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run answers until ctx ends, then lets running requests finish for up to ten seconds.
// It returns nil after such an end. A server runs once.
func (s *Server) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }()
	s.log.Info().Str("address", s.Addr()).Msg("web pages are open")
	select {
	case err := <-served:
		return fmt.Errorf("serve web pages on %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := s.http.Shutdown(stop); err != nil {
		s.log.Warn().Err(err).Msg("web requests were cut off at shutdown")
		_ = s.http.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve web pages on %s: %w", s.Addr(), err)
	}
	return nil
}

// Close stops listening at once. After Run has returned it does nothing.
func (s *Server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close web listener: %w", err)
	}
	return nil
}

// serverLog gives net/http's own messages, a client's broken request or a panic of a
// handler, to zerolog.
type serverLog struct{ log zerolog.Logger }

func (l serverLog) Write(p []byte) (int, error) {
	l.log.Warn().Str("from", "net/http").Msg(strings.TrimSpace(string(p)))
	return len(p), nil
}

// hostOf returns the host of host:port, or of a host without port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return strings.Trim(address, "[]")
	}
	return host
}
