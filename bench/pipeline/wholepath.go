package main

import (
	"context"
	"errors"

	"holdfast/bench/lab"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/clock"
)

// wholePathSpeed is how fast the clock of the whole path runs: the first look comes a
// tenth of a second after the start and not ten seconds.
const wholePathSpeed = 100

// wholePathSQLite measures the whole life of a backup with the embedded catalog.
func wholePathSQLite(ctx context.Context, l *rig, before results) (section, error) {
	rate, err := l.wholePath(ctx, false)
	if err != nil {
		return nil, err
	}
	return compared(before, rate, plain(rate, perSecond), nil), nil
}

// wholePathPostgres measures it with the fleet's catalog.
func wholePathPostgres(ctx context.Context, l *rig, before results) (section, error) {
	rate, err := l.wholePath(ctx, true)
	if err != nil {
		return nil, err
	}
	s := compared(before, rate, aimed(rate, perSecond, aim{AtLeast: 2000}), &aim{AtLeast: 0.3})
	s.against(before, sectionBare, "jobs", "of_bare_sql", rate, nil)
	return s, nil
}

// compared puts a whole path beside what does nothing.
func compared(before results, rate float64, f figure, ofPlain *aim) section {
	s := section{"jobs": f}
	s.against(before, sectionPlain, drainName(servers), "of_plain_asynq_4_servers", rate, ofPlain)
	s.against(before, sectionRiver, "drain", "of_river", rate, nil)
	return s
}

// wholePath inserts jobs and returns how many a second reach COMPLETED: inserted,
// submitted, granted, enqueued, entered, intent, call, reference, look, recovery point,
// release. Every write is as durable as in production.
func (l *rig) wholePath(ctx context.Context, postgres bool) (rate float64, err error) {
	fast := clock.Scaled(l.clock.Now(), wholePathSpeed)
	store, err := l.catalog(ctx, fast, postgres)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := stock(ctx, store, volumes(l.settings.jobs), fast.Now()); err != nil {
		return 0, err
	}
	left := lab.NewCountdown(l.settings.jobs)
	p := &plant{
		rig: l, tick: halfSecond, clock: fast, speed: wholePathSpeed, store: lab.Leading{Store: store, Clock: fast}, drivers: driver.NewRegistry(instant{}),
		caps: roomy(), accounts: allAccounts(), regions: regions, onEnd: func(catalog.Job) { left.Add(1) },
	}
	p.wire()
	err = p.run(ctx, servers, func(ctx context.Context) error {
		if err := p.ready(ctx); err != nil {
			return err
		}
		began := l.clock.Now()
		if _, err := store.InsertJobs(ctx, backups(l.settings.jobs, fast.Now())); err != nil {
			return err
		}
		if err := left.Wait(ctx); err != nil {
			return err
		}
		rate = l.rate(l.settings.jobs, began)
		return nil
	})
	return rate, errors.Join(err, check(ctx, store, l.settings.jobs))
}

// check makes sure that what was timed is what was to be done.
func check(ctx context.Context, store catalog.Store, jobs int) error {
	counts, err := store.CountJobs(ctx, catalog.JobFilter{})
	if err != nil {
		return err
	}
	points, err := store.CountPoints(ctx)
	if err != nil {
		return err
	}
	if counts[driver.Backup][catalog.Completed] != jobs || points[catalog.Available] != jobs {
		return errors.New("not every job is COMPLETED with a recovery point")
	}
	return nil
}
