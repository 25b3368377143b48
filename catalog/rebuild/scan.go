package rebuild

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// Limits of a scan.
const (
	scanParallel = 8
	scopeTimeout = 30 * time.Minute
	maxArtefacts = 1_000_000 // of one scope
	maxAttempts  = 10        // at one listing that AWS, or the API budget, puts off
)

// Scan is one listing: what one driver is asked in one account and region.
type Scan struct {
	Scope   resource.Scope
	Kind    resource.Kind
	Engine  driver.Engine
	Found   []Found
	Class   failure.Class // of the error that ended it
	Message string
	Resumed bool // it was carried out before, and kept
}

// Complete reports whether the listing saw everything.
func (s Scan) Complete() bool { return s.Class == "" }

// String names the listing.
func (s Scan) String() string {
	return fmt.Sprintf("%s/%s/%s/%s", s.Scope.Account, s.Scope.Region, s.Kind, s.Engine)
}

// Scans returns the listings of every driver in every scope.
func Scans(drivers *driver.Registry, scopes []resource.Scope) []Scan {
	var scans []Scan
	for _, scope := range scopes {
		for _, d := range drivers.All() {
			scans = append(scans, Scan{Scope: scope, Kind: d.Descriptor().Kind, Engine: driver.EngineOf(d)})
		}
	}
	return scans
}

// Run carries out those of scans that were not resumed, a few at once, and tells done of
// each, which may stop it. One that is put off, by AWS or by the API budget, is made again
// after a while on machine; one that fails is one of the results, not an error.
func Run(ctx context.Context, drivers *driver.Registry, machine clock.Clock, scans []Scan, done func(Scan) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(scanParallel)
	var mu sync.Mutex
	for i := range scans {
		if scans[i].Resumed {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			scans[i].run(ctx, drivers, machine)
			if ctx.Err() != nil {
				return ctx.Err() // it was stopped, so it saw a part only
			}
			mu.Lock()
			defer mu.Unlock()
			return done(scans[i])
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("list what AWS has: %w", err)
	}
	return nil
}

func (s *Scan) run(ctx context.Context, drivers *driver.Registry, machine clock.Clock) {
	d, ok := drivers.For(s.Kind, s.Engine)
	if !ok {
		s.Class, s.Message = failure.Unsupported, "this build has no such driver"
		return
	}
	ctx, cancel := context.WithTimeout(ctx, scopeTimeout)
	defer cancel()
	s.again(ctx, d, machine)
}

// again makes the listing until it is not put off any more.
func (s *Scan) again(ctx context.Context, d driver.Driver, machine clock.Clock) {
	for n := 1; ; n++ {
		s.list(ctx, d)
		if n == maxAttempts || s.Class != failure.Throttled && s.Class != failure.Transient {
			return
		}
		if machine.Sleep(ctx, failure.RuleOf(s.Class).Wait(n)) != nil {
			return
		}
	}
}

// list makes the listing once.
func (s *Scan) list(ctx context.Context, d driver.Driver) {
	s.Found, s.Class, s.Message = nil, "", ""
	err := d.List(ctx, s.Scope, func(a driver.Artefact) error {
		if len(s.Found) == maxArtefacts {
			return failure.Errorf(failure.Internal, "more than %d recovery points in one place", maxArtefacts)
		}
		s.Found = append(s.Found, Found{Artefact: a, Scope: s.Scope, Kind: s.Kind, Engine: s.Engine})
		return nil
	})
	if err != nil {
		s.Class, s.Message = failure.ClassOf(err), err.Error()
	}
}
