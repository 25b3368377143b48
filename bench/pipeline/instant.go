package main

import (
	"context"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// instant is a driver whose backups are complete as soon as they have begun. It makes no
// call, so that what is measured is Holdfast and not a simulation of AWS.
type instant struct{}

var _ driver.Driver = instant{}

// lookMax is that of EBS.
const lookMax = 200

// Descriptor returns the facts of a kind without quotas.
func (instant) Descriptor() driver.Descriptor {
	return driver.Descriptor{Kind: resource.EBS, Title: "instant volume", ARNPattern: "arn:*:ec2:*:*:volume/*", LookMax: lookMax}
}

// Discover finds nothing: the inventory is written directly.
func (instant) Discover(context.Context, resource.Scope, func(resource.Resource) error) error {
	return nil
}

// Start names the backup after its job.
func (instant) Start(_ context.Context, req driver.StartRequest) (driver.Ref, error) {
	return driver.Ref("snap-" + req.Mark.JobID), nil
}

// Find never finds anything.
func (instant) Find(_ context.Context, req driver.FindRequest) (driver.Ref, error) {
	return "", failure.Errorf(failure.NotFound, "nothing of job %s", req.Mark.JobID)
}

// Look sees every operation complete.
func (instant) Look(_ context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	seen := make(map[driver.Ref]driver.Status, len(req.Refs))
	for _, ref := range req.Refs {
		seen[ref] = driver.Status{State: driver.Succeeded, Progress: 100, Point: driver.Point{
			Ref: ref, ARN: "arn:aws:ec2:" + req.Scope.Region + "::snapshot/" + string(ref), SizeBytes: 100 << 30,
		}}
	}
	return seen, nil
}

// List lists nothing.
func (instant) List(context.Context, resource.Scope, func(driver.Artefact) error) error { return nil }

// Delete deletes nothing.
func (instant) Delete(context.Context, driver.DeleteRequest) error {
	return failure.Errorf(failure.Unsupported, "instant backups are not deleted")
}
