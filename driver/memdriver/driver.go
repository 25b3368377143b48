package memdriver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

// lookMax is how many references one Look may ask for.
const lookMax = 100

// Driver is a driver.Driver, driver.Copier and driver.Restorer over a Cloud.
type Driver struct{ cloud *Cloud }

var (
	_ driver.Driver       = (*Driver)(nil)
	_ driver.Copier       = (*Driver)(nil)
	_ driver.CopyFinisher = (*Driver)(nil)
	_ driver.Restorer     = (*Driver)(nil)
	_ driver.Canceler     = (*Driver)(nil)
)

// New returns a driver over c.
func New(c *Cloud) *Driver { return &Driver{cloud: c} }

// settings is what a restore needs of a resource.
type settings struct {
	SizeGiB int `json:"size_gib"`
}

// Descriptor returns the static facts; they depend on the cloud's options only.
func (d *Driver) Descriptor() driver.Descriptor {
	o := d.cloud.opts
	settle := map[driver.Operation]time.Duration{}
	if !o.Tokens {
		settle[driver.Backup], settle[driver.Copy], settle[driver.Restore] = o.Lag, o.Lag, o.Lag
	}
	return driver.Descriptor{
		Kind: o.Kind, Title: "thing in memory", ARNPattern: "arn:*:mem:*:*:thing/*",
		CopyRegion: true, CopyAccount: true, PointInTime: true, ColdStorage: true, ColdByAWS: !o.Moves, LookMax: lookMax, Settle: settle,
		Actions: map[resource.Purpose][]string{
			resource.ForDiscover: {describePoints, describeThings},
			resource.ForBackup:   {createPoint, describePoints, stopPoint},
			resource.ForCopy:     {copyPoint, describePoints, sharePoint},
			resource.ForRestore:  {createThing, describeThings, tagThing},
			resource.ForExpire:   {archivePoint, deletePoint, describePoints},
		},
		Restore: []driver.Parameter{{Name: sizeParameter, Description: "size in GiB", Recorded: true, Required: true}},
	}
}

// Discover lists the resources of scope, page by page.
func (d *Driver) Discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	return d.pages(ctx, conformance.Discover, things, scope, all, func(i item) error {
		return yield(asResource(d.cloud.opts.Kind, i))
	})
}

func asResource(kind resource.Kind, i item) resource.Resource {
	recorded, err := json.Marshal(settings{SizeGiB: i.sizeGiB})
	if err != nil {
		panic(fmt.Sprintf("memdriver: settings: %v", err)) // a struct of one number
	}
	return resource.Resource{
		ARN: i.arn(), Kind: kind, Account: i.scope.Account, Region: i.scope.Region,
		Name: string(i.ref), Tags: i.tags, Settings: recorded,
	}
}

func all(item) bool { return true }

// pages calls each for every item of a listing.
func (d *Driver) pages(ctx context.Context, m conformance.Method, s family, scope resource.Scope, keep func(item) bool, each func(item) error) error {
	for cursor, more := 0, true; more; more = cursor > 0 {
		page, next, err := d.cloud.describe(ctx, m, s, scope, keep, cursor)
		if err != nil {
			return err
		}
		for _, i := range page {
			if err := each(i); err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}

// Start begins a backup.
func (d *Driver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	var s settings
	if err := json.Unmarshal(req.Resource.Settings, &s); err != nil {
		return "", refusal(failure.Invalid, createPoint, fmt.Errorf("settings of %s: %w", req.Resource.ARN, err))
	}
	want := item{family: points, scope: req.Scope, token: req.Mark.Token(), tags: req.Mark.Tags(req.Tags), sizeGiB: s.SizeGiB}
	if days := req.Lifecycle.ColdAfterDays; days > 0 && !d.cloud.opts.Moves {
		want.coldAt = d.cloud.opts.Clock.Now().AddDate(0, 0, days)
	}
	return d.cloud.create(ctx, conformance.Start, createPoint, driver.Backup, want)
}

// Cancel takes away a backup in progress.
func (d *Driver) Cancel(ctx context.Context, req driver.CancelRequest) error {
	return d.cloud.stop(ctx, req.Scope, req.Ref)
}

// Find looks for what was made with the mark, by its tags.
func (d *Driver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	var found []driver.Ref
	marked := func(i item) bool {
		m, ok := driver.MarkFromTags(i.tags)
		return ok && m.JobID == req.Mark.JobID && m.Installation == req.Mark.Installation
	}
	err := d.pages(ctx, conformance.Find, familyOf(req.Operation), req.Scope, marked, func(i item) error {
		found = append(found, i.ref)
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", failure.Errorf(failure.NotFound, "no %s of job %s is visible", req.Operation, req.Mark.JobID)
	default:
		return found[0], nil // the oldest
	}
}

// familyOf returns what an operation makes.
func familyOf(op driver.Operation) family {
	if op == driver.Restore {
		return things
	}
	return points
}

// Look observes operations.
func (d *Driver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	asked := func(i item) bool { return slices.Contains(req.Refs, i.ref) }
	seen := map[driver.Ref]driver.Status{}
	err := d.pages(ctx, conformance.Look, familyOf(req.Operation), req.Scope, asked, func(i item) error {
		if req.Operation != driver.Archive || !i.coldAt.IsZero() {
			seen[i.ref] = d.status(req.Operation, i)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if req.Operation == driver.Backup {
		for _, ref := range d.cloud.stoppedOf(req.Scope, req.Refs) {
			seen[ref] = driver.Status{State: driver.Failed, Progress: -1, Message: "it was stopped"}
		}
	}
	if req.Operation == driver.Expire {
		// The listing was complete: what it lacks is gone.
		for _, ref := range req.Refs {
			if _, ok := seen[ref]; !ok {
				seen[ref] = driver.Status{State: driver.Gone, Progress: -1}
			}
		}
	}
	return seen, nil
}

func (d *Driver) status(op driver.Operation, i item) driver.Status {
	state := d.state(i)
	switch {
	case op == driver.Expire, op == driver.Archive && !i.cold(d.cloud.opts.Clock.Now()):
		return driver.Status{State: driver.Pending, Progress: -1}
	case state == driver.Failed:
		return driver.Status{State: state, Progress: -1, Message: "the operation failed"}
	case state == driver.Pending:
		return driver.Status{State: state, Progress: 0}
	case op == driver.Restore:
		return driver.Status{State: state, Progress: 100}
	default:
		return driver.Status{State: state, Progress: 100, Point: d.asPoint(i)}
	}
}

func (d *Driver) state(i item) driver.State {
	switch {
	case i.readyAt.After(d.cloud.opts.Clock.Now()):
		return driver.Pending
	case i.failed:
		return driver.Failed
	default:
		return driver.Succeeded
	}
}

func (d *Driver) asPoint(i item) driver.Point {
	return driver.Point{
		Ref: i.ref, ARN: i.arn(), CreatedAt: i.createdAt, SizeBytes: int64(i.sizeGiB) << 30,
		Encrypted: i.key != "", KMSKeyID: i.key, Cold: i.cold(d.cloud.opts.Clock.Now()),
	}
}

// List lists the marked points of scope.
func (d *Driver) List(ctx context.Context, scope resource.Scope, yield func(driver.Artefact) error) error {
	marked := func(i item) bool {
		_, ok := driver.MarkFromTags(i.tags)
		return ok
	}
	return d.pages(ctx, conformance.List, points, scope, marked, func(i item) error {
		m, _ := driver.MarkFromTags(i.tags)
		return yield(driver.Artefact{Point: d.asPoint(i), Mark: m, State: d.state(i)})
	})
}

// owned reports whether a point is there; one of another installation is class held.
func (d *Driver) owned(ctx context.Context, m conformance.Method, scope resource.Scope, ref driver.Ref, installation string) (bool, error) {
	var found []item
	asked := func(i item) bool { return i.ref == ref }
	err := d.pages(ctx, m, points, scope, asked, func(i item) error {
		found = append(found, i)
		return nil
	})
	if err != nil || len(found) == 0 {
		return false, err
	}
	if found[0].tags[driver.TagInstallation] != installation {
		return false, failure.Errorf(failure.Held, "point %s is not of installation %s", ref, installation)
	}
	return true, nil
}

// MoveToCold moves a point of the installation to cold storage.
func (d *Driver) MoveToCold(ctx context.Context, req driver.ColdRequest) error {
	ours, err := d.owned(ctx, conformance.Archive, req.Scope, req.Ref, req.Installation)
	if err != nil || !ours {
		return err
	}
	return d.cloud.chill(ctx, req.Scope, req.Ref)
}

// Delete deletes a point of the installation.
func (d *Driver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	ours, err := d.owned(ctx, conformance.Delete, req.Scope, req.Ref, req.Installation)
	if err != nil || !ours {
		return err
	}
	err = d.cloud.remove(ctx, req.Scope, req.Ref)
	if failure.Is(err, failure.NotFound) {
		return nil
	}
	return err
}
