package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// reading is what a measurement has cost so far.
type reading struct {
	at    time.Time
	redis float64 // CPU seconds of the redis-server
	here  float64 // CPU seconds of this program
}

// metering is what a measurement cost from its beginning to its end.
type metering struct {
	jobs     int
	from, to reading
}

// metered measures run over as many jobs as the settings say, until run calls done.
func (l *rig) metered(ctx context.Context, run func(done func()) error) (metering, error) {
	m := metering{jobs: l.settings.jobs}
	var err error
	if m.from, err = l.read(ctx); err != nil {
		return m, err
	}
	var readErr error
	err = run(func() { m.to, readErr = l.read(ctx) })
	if err == nil {
		err = readErr
	}
	return m, err
}

// rate is how many jobs a second there were.
func (m metering) rate() float64 {
	return float64(m.jobs) / m.to.at.Sub(m.from.at).Seconds()
}

// into adds the rate as name and what each job cost beside it: Redis works on one core,
// so its CPU time a job is a limit of its own.
func (m metering) into(s section, name string) {
	each := func(seconds float64) figure { return plain(seconds*1e6/float64(m.jobs), cpuUnit) }
	s[name] = plain(m.rate(), perSecond)
	s[name+"_cpu_redis"] = each(m.to.redis - m.from.redis)
	s[name+"_cpu_program"] = each(m.to.here - m.from.here)
}

func (l *rig) read(ctx context.Context) (reading, error) {
	redis, err := l.redis.CPU(ctx)
	if err != nil {
		return reading{}, err
	}
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return reading{}, fmt.Errorf("read CPU time: %w", err)
	}
	here := time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds()
	return reading{at: l.clock.Now(), redis: redis, here: here}, nil
}
