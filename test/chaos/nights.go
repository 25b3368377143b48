package chaos

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
)

const (
	// patience is how long everything may take to end once nothing is broken any more.
	patience  = 6 * time.Minute
	pollEvery = 400 * time.Millisecond
	// step is how far the clock is moved at once: less than what a leader takes for a jump,
	// with stepPause between for it to see that the clock goes on.
	step      = 3 * time.Hour
	stepPause = 1500 * time.Millisecond
	// restoresPerJob is how many restores are asked for in a night.
	jobsPerRestore = 40
	// heldPoints is how many points of the first night get a legal hold.
	heldPoints = 5
)

// asked is a restore that was asked for.
type asked struct {
	job    string
	point  string // ARN of what it restores
	source string // ARN of what that was made of
}

// nights carries the seed out and returns how many jobs have not ended.
func (r *run) nights(ctx context.Context) (unfinished int, err error) {
	r.say("%d accounts, %d things to back up, at least %d jobs", len(r.world.Accounts()), len(r.world.Expected), r.world.jobs())
	for n, night := range nights {
		if err := r.moveTo(ctx, night.Add(-10*time.Second)); err != nil {
			return 0, err
		}
		if err := r.night(ctx, n); err != nil {
			return 0, err
		}
		if unfinished = r.awaitQuiet(ctx, patience); unfinished > 0 {
			return unfinished, nil
		}
		if n == 0 {
			r.holdSome(ctx)
		}
	}
	// What was made late in the first night is due late in the second.
	if err := r.moveTo(ctx, nights[len(nights)-1].Add(3*time.Hour)); err != nil {
		return 0, err
	}
	return r.awaitQuiet(ctx, patience), ctx.Err()
}

// night lets the rules fire and everything go wrong meanwhile.
func (r *run) night(ctx context.Context, n int) error {
	r.say("night %d", n+1)
	struck := make(chan struct{})
	go func() { defer close(struck); r.harass(ctx, n) }()
	err := r.await(ctx, "every rule to fire", func() (bool, error) { return r.planned(ctx, nights[n]) })
	if err == nil {
		err = r.restoreSome(ctx, n)
	}
	<-struck
	return err
}

// await polls until done. The database may be away meanwhile.
func (r *run) await(ctx context.Context, what string, done func() (bool, error)) error {
	for deadline := r.wall.Now().Add(patience); r.wall.Now().Before(deadline); {
		if ok, err := done(); ok && err == nil {
			return nil
		}
		if err := r.wall.Sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
	return fmt.Errorf("seed %d: after %s still waiting for %s: see %s", r.seed, patience, what, r.opts.Dir)
}

// moveTo moves the clock on to t in steps that no leader takes for a jump.
func (r *run) moveTo(ctx context.Context, t time.Time) error {
	for left := t.Sub(r.clock.Now()); left > 0; left = t.Sub(r.clock.Now()) {
		d := min(left, step)
		r.clock.Move(d)
		if err := r.moveDatabaseClock(ctx); err != nil {
			return err
		}
		if err := r.wall.Sleep(ctx, stepPause); err != nil {
			return err
		}
	}
	return nil
}

// planned reports whether every rule has planned its fire of a night.
func (r *run) planned(ctx context.Context, night time.Time) (bool, error) {
	rules := map[[2]string]bool{}
	for _, e := range r.world.Expected {
		rules[[2]string{e.Plan, e.Rule}] = true
	}
	for rule := range rules {
		fires, err := r.store.Fires(ctx, rule[0], rule[1], 1)
		if err != nil || len(fires) == 0 || !fires[0].At.Equal(night) || fires[0].State != catalog.FirePlanned {
			return false, err
		}
	}
	return true, nil
}

// awaitQuiet waits until no job is left that has not ended and no point is due, and returns
// how many jobs there are at last.
func (r *run) awaitQuiet(ctx context.Context, patience time.Duration) (unfinished int) {
	deadline, told := r.wall.Now().Add(patience), r.wall.Now()
	for {
		unfinished, due, err := r.open(ctx)
		if err == nil && unfinished == 0 && due == 0 || ctx.Err() != nil {
			return unfinished
		}
		if r.wall.Now().After(deadline) {
			r.say("UNFINISHED: %d jobs have not ended and %d points are due after %s: %v", unfinished, due, patience, err)
			r.sayOpen(ctx)
			return max(unfinished, due, 1)
		}
		if r.wall.Now().Sub(told) > 10*time.Second {
			told = r.wall.Now()
			r.say("%d jobs have not ended", unfinished)
		}
		_ = r.wall.Sleep(ctx, pollEvery)
	}
}

// open returns how many jobs have not ended, and whether points are due.
func (r *run) open(ctx context.Context) (unfinished, due int, err error) {
	counts, err := r.store.CountJobs(ctx, catalog.JobFilter{States: []catalog.State{catalog.Created, catalog.Running, catalog.Aborting}})
	if err != nil {
		return 0, 0, err
	}
	for _, states := range counts {
		for _, n := range states {
			unfinished += n
		}
	}
	points, err := r.store.DuePoints(ctx, installation, r.clock.Now(), 1000)
	return unfinished, len(points), err
}

// sayOpen tells of some jobs that have not ended.
func (r *run) sayOpen(ctx context.Context) {
	jobs, err := r.store.ListJobs(ctx, catalog.JobFilter{States: []catalog.State{catalog.Created, catalog.Running, catalog.Aborting}, Limit: 10})
	if err != nil {
		r.say("list jobs: %v", err)
	}
	for _, j := range jobs {
		r.say("  %s %s of %s: %s, reference %q, intent until %s, epoch %d, %d attempts, class %q, again at %s: %s", j.Type, j.ID, j.ResourceARN,
			j.State, j.Ref, j.IntentUntil.Format(time.TimeOnly), j.Epoch, j.Attempts, j.Class, j.RetryAt.Format(time.TimeOnly), j.Message)
	}
}

// restoreSome asks for restores of points of a night, one after another, while it goes on.
func (r *run) restoreSome(ctx context.Context, n int) error {
	random := mathrand.New(mathrand.NewPCG(r.seed, uint64(n))) // reproducible on purpose
	want := max(r.opts.Jobs/jobsPerRestore, 2)
	taken := map[string]bool{}
	return r.await(ctx, "points to restore", func() (bool, error) {
		points, err := r.store.ListPoints(ctx, catalog.PointFilter{States: []catalog.PointState{catalog.Available}, Since: nights[n], Limit: 1000})
		if err != nil {
			return false, err
		}
		points = slices.DeleteFunc(points, func(p catalog.RecoveryPoint) bool { return taken[p.ID] || !atHome(p) })
		if len(points) == 0 {
			return false, nil
		}
		p := points[random.IntN(len(points))]
		if err := r.restore(ctx, p); err != nil {
			return false, err
		}
		taken[p.ID] = true
		return len(taken) >= want, nil
	})
}

// atHome reports whether a point lies where its source does: there a restore can do with
// what was recorded alone.
func atHome(p catalog.RecoveryPoint) bool { return p.ParentID == "" }

// restore asks for one restore.
func (r *run) restore(ctx context.Context, p catalog.RecoveryPoint) error {
	id, err := catalog.NewManualID(rand.Reader, r.clock.Now())
	if err != nil {
		return err
	}
	job := catalog.NewRestore(id, p, p.Scope(), nil, "chaos", r.clock.Now())
	// A lost connection leaves open whether it is there: the same id is asked for again.
	err = r.await(ctx, "a restore to be taken", func() (bool, error) {
		_, err := r.store.InsertJobs(ctx, []catalog.Job{job})
		return err == nil, err
	})
	if err == nil {
		r.asked = append(r.asked, asked{job: id, point: p.ARN, source: p.ResourceARN})
	}
	return err
}

// holdSome puts legal holds on points of the first night, so that the second must leave
// them alone.
func (r *run) holdSome(ctx context.Context) {
	points, err := r.store.ListPoints(ctx, catalog.PointFilter{States: []catalog.PointState{catalog.Available}, Limit: 1000})
	if err != nil {
		r.say("no legal holds: %v", err)
		return
	}
	for i := range min(heldPoints, len(points)) {
		p := points[i*len(points)/heldPoints]
		hold := catalog.Hold{PointID: p.ID, Kind: catalog.HoldLegal, Holder: "lawsuit", CreatedAt: r.clock.Now()}
		if err := r.store.AddHold(ctx, hold, "chaos"); err != nil {
			r.say("no legal hold on %s: %v", p.ID, err)
			continue
		}
		r.held[p.ID] = true
	}
}

// installation is what the fleet is called.
const installation = "fleet"

// jobsOf lists every job of a type.
func (r *run) jobsOf(ctx context.Context, types ...driver.Operation) (all []catalog.Job, err error) {
	filter := catalog.JobFilter{Types: types, Limit: 1000}
	for {
		jobs, err := r.store.ListJobs(ctx, filter)
		if err != nil {
			return nil, err
		}
		all = append(all, jobs...)
		if len(jobs) < filter.Limit {
			return all, nil
		}
		filter.After = jobs[len(jobs)-1].ID
	}
}
