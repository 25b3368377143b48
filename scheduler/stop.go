package scheduler

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
)

// stoppedAgainAfter is when points whose deletion is stopped are looked at again.
const stoppedAgainAfter = 10 * time.Minute

// lossDay is the time in which a share of points may be lost.
const lossDay = 24 * time.Hour

// watchClock notes that this leader sees its clock go on.
func (s *Scheduler) watchClock(ctx context.Context) error {
	_, err := s.clockTrusted(ctx)
	return err
}

// clockTrusted reports whether the clock has gone on without a jump for a while.
func (s *Scheduler) clockTrusted(ctx context.Context) (bool, error) {
	if s.opts.ClockStep == 0 {
		return true, nil
	}
	from, err := s.store.ObserveClock(ctx, s.clock.Now(), s.opts.ClockStep, s.opts.Owner)
	if err != nil {
		return false, fmt.Errorf("observe the clock: %w", err)
	}
	if !from.IsZero() {
		s.log.Warn().Time("until", from).Msg("the clock jumped, or nobody led for a while: nothing is deleted yet")
	}
	return from.IsZero(), nil
}

// deletable returns those of points that may be deleted without asking anybody: none after
// a jump of the clock, and no more than a share of what there is within a day.
func (s *Scheduler) deletable(ctx context.Context, points []catalog.RecoveryPoint, now time.Time) ([]catalog.RecoveryPoint, error) {
	if len(points) == 0 {
		return nil, nil
	}
	trusted, err := s.clockTrusted(ctx)
	if err != nil || !trusted {
		return nil, err
	}
	if s.opts.ResourceShare == 0 && s.opts.InstallationShare == 0 {
		return points, nil
	}
	due := map[string]int{}
	for _, p := range points {
		due[p.ResourceARN]++
	}
	arns := make([]string, 0, len(due))
	for arn := range due {
		arns = append(arns, arn)
	}
	loads, total, err := s.store.ExpiryLoads(ctx, s.opts.Installation, arns, now.Add(-lossDay))
	if err != nil {
		return nil, err
	}
	stops, err := s.store.Stops(ctx)
	if err != nil {
		return nil, err
	}
	d := braking{shares: s.opts, loads: loads, total: total, now: now, known: map[string]catalog.Stop{}}
	for _, stop := range stops {
		d.known[stop.Subject] = stop
	}
	let, stopped := d.decide(points, due)
	return let, s.brake(ctx, d, stopped, now)
}

// brake records what is stopped and what is stopped no more.
func (s *Scheduler) brake(ctx context.Context, d braking, stopped []string, now time.Time) error {
	if len(d.cleared) > 0 {
		if err := s.store.ClearStops(ctx, d.cleared, s.opts.Owner); err != nil {
			return err
		}
	}
	if len(d.stops) == 0 {
		return nil
	}
	for _, stop := range d.stops {
		if _, before := d.known[stop.Subject]; !before {
			s.log.Error().Str("subject", stop.Subject).Int("due", stop.Due).Int("of", stop.Of).
				Msg("deletions are stopped because too many are due within a day: see `holdfast deletions list`")
		}
	}
	if err := s.store.SetStops(ctx, d.stops, s.opts.Owner); err != nil {
		return err
	}
	return s.store.KeepUntil(ctx, stopped, now.Add(stoppedAgainAfter))
}

// braking decides which deletions are too many. It is pure.
type braking struct {
	shares  Options
	loads   map[string]catalog.Load
	total   catalog.Load
	known   map[string]catalog.Stop
	now     time.Time
	stops   []catalog.Stop // what is stopped, as it is now
	cleared []string       // what was stopped and need not be
}

// decide returns the points that may go and the ids of those that may not. due counts
// points by resource.
func (b *braking) decide(points []catalog.RecoveryPoint, due map[string]int) (let []catalog.RecoveryPoint, stopped []string) {
	refused := map[string]bool{}
	for arn, n := range due {
		refused[arn] = b.refuse(arn, b.loads[arn], n, b.shares.ResourceShare)
	}
	for _, p := range points {
		if refused[p.ResourceARN] {
			stopped = append(stopped, p.ID)
		} else {
			let = append(let, p)
		}
	}
	if b.refuse(catalog.WholeInstallation, b.total, len(let), b.shares.InstallationShare) {
		for _, p := range let {
			stopped = append(stopped, p.ID)
		}
		let = nil
	}
	return let, stopped
}

// refuse reports whether deleting due points of subject needs an approval that is not there.
func (b *braking) refuse(subject string, load catalog.Load, due int, share float64) bool {
	stop, known := b.known[subject]
	if share == 0 || !load.Exceeds(due, share) {
		if known && due > 0 {
			b.cleared = append(b.cleared, subject)
		}
		return false
	}
	if stop.Approved(b.now) || b.known[catalog.WholeInstallation].Approved(b.now) {
		return false
	}
	if !known {
		stop = catalog.Stop{Subject: subject, Since: b.now}
	}
	stop.Due, stop.Of = load.Net(due)
	b.stops = append(b.stops, stop)
	return true
}
