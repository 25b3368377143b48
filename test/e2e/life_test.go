package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/fleet"
)

// life takes one resource of a kind through what follows its backup, with the commands a
// person would type. Its methods run side by side, so they return what is wrong.
type life struct {
	f      *fleet.Fleet
	store  catalog.Store
	before []fleet.Object // what boto3 made
	kind   string         // in boto3's words
}

// restore restores a resource of the first account and wants boto3 to see it with what
// was in it: the volume from its copy, which takes a zone of the other region, the others
// from what was recorded alone.
func (l life) restore(ctx context.Context) error {
	source, err := l.tagged(motoAccounts[0])
	if err != nil {
		return err
	}
	region, set := motoRegions[0], []string{}
	if l.kind == "volume" {
		region, set = motoRegions[1], []string{"--set", "availability_zone=" + motoRegions[1] + "a"}
	}
	point, err := l.awaitPoint(ctx, arnOf(source), region)
	if err != nil {
		return err
	}
	job, err := l.completed(append([]string{"restore", "--point", point.ID, "--wait"}, set...)...)
	if err != nil {
		return err
	}
	objects, err := l.f.See(ctx)
	if err != nil {
		return err
	}
	restored := slices.DeleteFunc(objects, func(o fleet.Object) bool { return jobOf(o) != job.ID })
	if len(restored) != 1 {
		return fmt.Errorf("boto3 sees %d objects of restore %s, want 1: %+v", len(restored), job.ID, restored)
	}
	got := restored[0]
	if got.What != l.kind || got.Account != source.Account || got.Region != region || got.Size != source.Size || got.ID == source.ID {
		return fmt.Errorf("restored %+v of %+v", got, source)
	}
	return nil
}

// expire expires a recovery point of the second account: not while it is the last good
// one, neither by the command nor by a job that comes past it, and then after another backup.
func (l life) expire(ctx context.Context) error {
	source, err := l.tagged(motoAccounts[1])
	if err != nil {
		return err
	}
	point, err := l.awaitPoint(ctx, arnOf(source), source.Region)
	if err != nil {
		return err
	}
	_, output, err := l.command(2, "expire", "--point", point.ID)
	if err == nil && !strings.Contains(output, "last good point") {
		err = errors.New("the refusal does not name the last good point: " + output)
	}
	if err != nil {
		return err
	}
	if err := l.expireUnasked(ctx, point); err != nil {
		return err
	}
	if _, err := l.completed("backup", "--resource", arnOf(source), "--wait"); err != nil {
		return err
	}
	_, err = l.completed("expire", "--point", point.ID, "--wait")
	return err
}

// expireUnasked makes the job that deletes point as the leader would, past the checks of
// the command, and wants the guards to stop it.
func (l life) expireUnasked(ctx context.Context, point catalog.RecoveryPoint) error {
	job := catalog.NewExpiry(point, "test", system.Now())
	if _, err := l.store.InsertJobs(ctx, []catalog.Job{job}); err != nil {
		return err
	}
	// The attempt is counted, so that the next one has another id.
	if err := l.store.CountExpireAttempt(ctx, []string{point.ID}, system.Now()); err != nil {
		return err
	}
	var got catalog.Job
	err := until(ctx, "expiry of the last good point to be refused", func() (ended bool, err error) {
		got, err = l.store.Job(ctx, job.ID)
		return got.State.Terminal(), err
	})
	if err == nil && (got.State != catalog.Aborted || got.Class != failure.Held) {
		return fmt.Errorf("expiry of the last good point is %s, class %q, want ABORTED, held", got.State, got.Class)
	}
	return err
}

// tagged returns the resource in account and the first region that asks for backups.
func (l life) tagged(account string) (fleet.Object, error) {
	for _, o := range l.before {
		if o.What == l.kind && o.Account == account && o.Region == motoRegions[0] && o.Tags["backup"] == "daily" {
			return o, nil
		}
	}
	return fleet.Object{}, fmt.Errorf("no %s with the tag in %s", l.kind, account)
}

// awaitPoint returns the one recovery point of a resource in region once it is there.
func (l life) awaitPoint(ctx context.Context, arn, region string) (catalog.RecoveryPoint, error) {
	var points []catalog.RecoveryPoint
	err := until(ctx, "recovery point of "+arn+" in "+region, func() (found bool, err error) {
		points, err = l.store.ListPoints(ctx, catalog.PointFilter{ResourceARN: arn, Region: region})
		return len(points) > 0, err
	})
	if err == nil && len(points) != 1 {
		err = fmt.Errorf("%d recovery points of %s in %s, want 1", len(points), arn, region)
	}
	if err != nil {
		return catalog.RecoveryPoint{}, err
	}
	return points[0], nil
}

// until asks again and again until cond is true, within patience.
func until(ctx context.Context, what string, cond func() (bool, error)) error {
	for deadline := system.Now().Add(patience); system.Now().Before(deadline); {
		ok, err := cond()
		if ok || err != nil {
			return err
		}
		if err := system.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("still waiting for: " + what)
}

// completed runs a command that makes one job and waits for it, and wants it completed.
func (l life) completed(args ...string) (catalog.Job, error) {
	jobs, output, err := l.command(0, args...)
	if err == nil && (len(jobs) != 1 || jobs[0].State != catalog.Completed) {
		err = fmt.Errorf("holdfast %s gives no completed job:\n%s", strings.Join(args, " "), output)
	}
	if err != nil {
		return catalog.Job{}, err
	}
	return jobs[0], nil
}

// command runs holdfast, wants the exit code and returns the jobs it prints.
func (l life) command(code int, args ...string) (jobs []catalog.Job, output string, err error) {
	output, got, err := l.f.Run(append(args, "--output", "json")...)
	switch {
	case err != nil:
		return nil, output, fmt.Errorf("run holdfast %s: %w", strings.Join(args, " "), err)
	case got != code:
		return nil, output, fmt.Errorf("holdfast %s exits with %d, want %d:\n%s", strings.Join(args, " "), got, code, output)
	}
	var result struct {
		Jobs []catalog.Job `json:"jobs"`
	}
	if err := json.Unmarshal([]byte(output), &result); err != nil {
		return nil, output, fmt.Errorf("holdfast %s prints no JSON: %w\n%s", strings.Join(args, " "), err, output)
	}
	return result.Jobs, output, nil
}
