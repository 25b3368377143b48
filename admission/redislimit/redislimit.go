// Package redislimit keeps the waiting room and the slots of package admission in Redis.
//
// Everything that changes or counts slots is one Lua script call. The scripts are in
// lua/, each with its arguments, result and cost above it; docs/admission.md has the
// picture. All keys of an installation have one hash tag, so they share a Cluster slot.
//
// Redis 6.2 or newer and Valkey work, single, behind Sentinel, or as a Cluster. The
// server must not evict keys (maxmemory-policy noeviction).
package redislimit

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/internal/clock"
	"holdfast/internal/gather"
)

const (
	// DefaultTimeout is how long one round trip to Redis may take.
	DefaultTimeout = 5 * time.Second
	// maxInstallation is the longest installation name, in bytes.
	maxInstallation = 64
)

// Options says whose waiting room it is and how to reach it.
type Options struct {
	// Installation names the keys: 1 to 64 letters, digits, '.', '_' or '-'.
	Installation string
	// Timeout limits one round trip; 0 means DefaultTimeout.
	Timeout time.Duration
	// Replicated says that a replica may take over from the server: each round trip then
	// waits up to 100 ms until one replica has what was written. Not with a Cluster, where
	// WAIT cannot be sent to the node of the keys.
	Replicated bool
}

var installationForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// Validate returns an error that names the field which cannot be used.
func (o Options) Validate() error {
	switch {
	case o.Installation == "":
		return errors.New("admission: installation is empty")
	case len(o.Installation) > maxInstallation || !installationForm.MatchString(o.Installation):
		return fmt.Errorf("admission: installation %q: want 1 to %d letters, digits, '.', '_' or '-'",
			o.Installation, maxInstallation)
	case o.Timeout < 0:
		return fmt.Errorf("admission: timeout %s is negative", o.Timeout)
	}
	return nil
}

// Controller is an admission.Controller on Redis. It keeps nothing between calls, so any
// number of them, in any number of processes, work on the same room.
type Controller struct {
	client   redis.UniversalClient
	root     string // {hf:<installation>}:
	timeout  time.Duration
	clock    clock.Clock // the machine's: it paces calls and decides nothing
	passing  *gather.Gatherer[*passage]
	replicas replicas
}

var _ admission.Controller = (*Controller)(nil)

// New returns a controller that uses client, which stays the caller's to close. It
// connects to nothing yet. It panics when o does not validate.
func New(client redis.UniversalClient, o Options) *Controller {
	if err := o.Validate(); err != nil {
		panic(err)
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	c := &Controller{client: client, root: "{hf:" + o.Installation + "}:", timeout: o.Timeout, clock: clock.System()}
	c.replicas.wanted = o.Replicated
	c.passing = gather.New(maxPassages, passTrips, c.pass)
	return c
}

func (c *Controller) stateKey() string { return c.root + "state" }
