package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// timed is a driver whose operations take their time on the clock of the load. It makes
// no call, so that what is measured is Holdfast and not a simulation of AWS.
type timed struct {
	t     *tally
	works map[string]work // by job

	mu   sync.Mutex
	ends map[driver.Ref]time.Time
}

var _ driver.Driver = (*timed)(nil)

func newTimed(t *tally) *timed {
	d := &timed{t: t, works: map[string]work{}, ends: map[driver.Ref]time.Time{}}
	for _, w := range t.load.works {
		d.works[w.job.ID] = w
	}
	return d
}

// lookMax is that of EBS.
const lookMax = 200

// Descriptor returns the facts of a kind without quotas.
func (*timed) Descriptor() driver.Descriptor {
	return driver.Descriptor{Kind: resource.EBS, Title: "timed volume", ARNPattern: "arn:*:ec2:*:*:volume/*", LookMax: lookMax}
}

// Discover finds nothing: the inventory is written directly.
func (*timed) Discover(context.Context, resource.Scope, func(resource.Resource) error) error {
	return nil
}

// Start begins an operation.
func (d *timed) Start(_ context.Context, req driver.StartRequest) (driver.Ref, error) {
	w, ok := d.works[req.Mark.JobID]
	if !ok {
		return "", failure.Errorf(failure.Internal, "job %s is not of this load", req.Mark.JobID)
	}
	ref := driver.Ref("snap-" + req.Mark.JobID)
	end := d.t.began(w)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ends[ref] = end
	return ref, nil
}

// Find never finds anything.
func (*timed) Find(_ context.Context, req driver.FindRequest) (driver.Ref, error) {
	return "", failure.Errorf(failure.NotFound, "nothing of job %s", req.Mark.JobID)
}

// Look sees operations complete whose time has passed.
func (d *timed) Look(_ context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.t.clock.Now()
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	for _, ref := range req.Refs {
		status := driver.Status{State: driver.Pending, Progress: -1}
		if !now.Before(d.ends[ref]) {
			status = driver.Status{State: driver.Succeeded, Progress: 100, Point: driver.Point{
				Ref: ref, ARN: "arn:aws:ec2:" + req.Scope.Region + "::snapshot/" + string(ref), SizeBytes: 100 << 30,
			}}
		}
		seen[ref] = status
	}
	return seen, nil
}

// List lists nothing.
func (*timed) List(context.Context, resource.Scope, func(driver.Artefact) error) error { return nil }

// Delete deletes nothing.
func (*timed) Delete(context.Context, driver.DeleteRequest) error {
	return failure.Errorf(failure.Unsupported, "these backups are not deleted")
}

// resources are what the jobs of a load back up.
func resources(l load) map[resource.Scope][]resource.Resource {
	byScope := map[resource.Scope][]resource.Resource{}
	for i, w := range l.works {
		scope := w.job.Scope()
		byScope[scope] = append(byScope[scope], resource.Resource{
			ARN: w.job.ResourceARN, Kind: w.job.Kind, Account: scope.Account, Region: scope.Region, Name: fmt.Sprintf("vol-%d", i),
			Settings: json.RawMessage(`{"size_gib":100,"type":"gp3"}`),
		})
	}
	return byScope
}
