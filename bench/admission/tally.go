package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/bench/lab"
	"holdfast/internal/clock"
)

// span is one operation on AWS. A zero end is not known yet.
type span struct{ began, ended time.Time }

// tally is what the simulated operations themselves notice: how many are in progress at
// once, and when each began and ended, on the clock of the load.
type tally struct {
	load  load
	clock clock.Clock
	// speed is how many times as fast as the machine's clock runs.
	speed float64
	left  *lab.Countdown
	// awaited are the jobs whose end counts.
	awaited map[string]bool
	// attempts counts operations that began and attempts at a job that began none.
	attempts atomic.Int64

	mu     sync.Mutex
	start  time.Time
	last   time.Time         // the last awaited job ended
	spans  map[string][]span // by account
	begun  map[string]time.Time
	ended  map[string]bool
	excess int // most operations of an account at once above its cap
}

func newTally(l load, c clock.Clock, speed float64) *tally {
	t := &tally{
		load: l, clock: c, speed: speed, awaited: map[string]bool{},
		spans: map[string][]span{}, begun: map[string]time.Time{}, ended: map[string]bool{},
	}
	for _, w := range l.awaited() {
		t.awaited[w.job.ID] = true
	}
	t.left = lab.NewCountdown(len(t.awaited))
	return t
}

// open begins the measurement.
func (t *tally) open() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start = t.clock.Now()
}

// began notes that AWS has begun w, and returns when it will have ended.
func (t *tally) began(w work) time.Time {
	t.attempts.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	account := w.job.Account
	inProgress := 1
	for _, s := range t.spans[account] {
		if s.ended.After(now) {
			inProgress++
		}
	}
	t.excess = max(t.excess, inProgress-t.load.slots)
	t.begun[w.job.ID] = now
	end := now.Add(w.takes)
	t.spans[account] = append(t.spans[account], span{now, end})
	return end
}

// finished notes that a job has ended. The second time changes nothing.
func (t *tally) finished(id string) {
	t.mu.Lock()
	counts := !t.ended[id] && t.awaited[id]
	t.ended[id] = true
	if counts {
		t.last = t.clock.Now()
	}
	t.mu.Unlock()
	if counts {
		t.left.Add(1)
	}
}

// outcome is what one contender made of one load.
type outcome struct {
	JobsPerSecond float64 `json:"jobs_per_second"`
	MakespanRatio float64 `json:"makespan_ratio"` // to the ideal within the caps
	// SlotUtilisation is how full the slots of accounts with a backlog were until the last
	// of it began.
	SlotUtilisation float64 `json:"slot_utilisation"`
	AttemptsPerJob  float64 `json:"attempts_per_job"`
	OverCap         int     `json:"over_cap"`
	// P99WaitRatio is the 99th percentile of the small accounts' waits, with the crowd : without.
	P99WaitRatio       float64 `json:"p99_wait_ratio"`
	P99WaitSeconds     float64 `json:"p99_wait_seconds"`
	BytesPerWaitingJob float64 `json:"bytes_per_waiting_job"`
	RedisCPU           float64 `json:"redis_cpu_seconds_per_1000_jobs"`
	Unfinished         int     `json:"unfinished_jobs"` // of the awaited, when the time was up
}

// close ends the measurement and works out what the operations have seen. Times are on
// the machine's clock.
func (t *tally) close() outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := t.clock.Now()
	machine := func(d time.Duration) time.Duration { return time.Duration(float64(d) / t.speed) }
	makespan := end.Sub(t.start)
	if t.left.Left() == 0 {
		makespan = t.last.Sub(t.start)
	}
	return outcome{
		JobsPerSecond:   float64(len(t.ended)) / machine(end.Sub(t.start)).Seconds(),
		MakespanRatio:   makespan.Seconds() / t.load.ideal().Seconds(),
		SlotUtilisation: t.utilisation(end), OverCap: max(t.excess, 0), Unfinished: t.left.Left(),
		P99WaitSeconds: machine(t.p99(end)).Seconds(),
		AttemptsPerJob: float64(t.attempts.Load()) / float64(max(len(t.begun), 1)),
	}
}

// utilisation adds up the accounts with a backlog, each until its last job began.
func (t *tally) utilisation(end time.Time) float64 {
	var busy, room time.Duration
	jobs := map[string]int{}
	for _, w := range t.load.works {
		jobs[w.job.Account]++
	}
	for account := range t.load.backlogged() {
		until := end
		if spans := t.spans[account]; len(spans) == jobs[account] {
			until = spans[len(spans)-1].began
		}
		for _, s := range t.spans[account] {
			if last := minTime(s.ended, until); last.After(s.began) {
				busy += last.Sub(s.began)
			}
		}
		room += until.Sub(t.start) * time.Duration(t.load.slots)
	}
	if room <= 0 {
		return 0
	}
	return busy.Seconds() / room.Seconds()
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// p99 returns the wait 99 of 100 jobs of small accounts stay below; a job that has not
// begun has waited until end.
func (t *tally) p99(end time.Time) time.Duration {
	var waits []time.Duration
	for _, w := range t.load.works {
		if !w.small {
			continue
		}
		began, ok := t.begun[w.job.ID]
		if !ok {
			began = end
		}
		waits = append(waits, began.Sub(t.start))
	}
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return waits[min(len(waits)*99/100, len(waits)-1)]
}
