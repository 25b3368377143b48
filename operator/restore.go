package operator

import (
	"context"
	"errors"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// RestoreRequest asks for a resource to be built from a recovery point, named itself or as
// the newest one of a resource at a moment, or from the continuous backups of a resource. A
// restore happens where its point or resource lies, or in another region where the kind can.
type RestoreRequest struct {
	Order
	Point    string    `json:"point,omitempty"`
	Resource string    `json:"resource,omitempty"` // ARN of what was backed up
	At       time.Time `json:"at,omitzero"`        // with Resource: completed at or before; zero: now
	// PointInTime asks for Resource exactly as it was at At, from AWS's continuous backups.
	PointInTime bool `json:"point_in_time,omitempty"`
	// Region and Account say where to look for a point of Resource, and where Point must lie.
	Region  string `json:"region,omitempty"`
	Account string `json:"account,omitempty"`
	// Parameters override what was recorded with the point.
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Check returns what is wrong with the request by itself.
func (r RestoreRequest) Check() []Problem {
	var p problems
	if (r.Point == "") == (r.Resource == "") {
		p.add("", "name either a recovery point or a resource")
	}
	r.check(&p)
	p.checkAccount(r.Account)
	if !r.At.IsZero() && r.Point != "" {
		p.add("at", "goes with a resource only: a point is of one moment")
	}
	if r.PointInTime && (r.Resource == "" || r.At.IsZero()) {
		p.add("point_in_time", "needs a resource, and the moment in at")
	}
	if len(r.Parameters) > MaxNamed {
		p.add("parameters", "%d are given: use at most %d", len(r.Parameters), MaxNamed)
	}
	return p
}

// Restore makes the job that restores a point. Plan has the exact calls; in a dry run
// without a key the names in them that come from the job's id are examples.
func (d *Desk) Restore(ctx context.Context, r RestoreRequest) (Outcome, error) {
	if err := d.allow(access.Restore, r.DryRun); err != nil {
		return Outcome{}, err
	}
	if err := problems(r.Check()).err(); err != nil {
		return Outcome{}, err
	}
	if r.PointInTime {
		return d.restoreMoment(ctx, r)
	}
	earlier, err := d.earlier(ctx, r.Order)
	if err != nil {
		return Outcome{}, err
	}
	point, err := d.restorePoint(ctx, r, earlier)
	if err != nil {
		return Outcome{}, err
	}
	id, err := d.id(r.Order)
	if err != nil {
		return Outcome{}, err
	}
	scope := point.Scope()
	if r.Region != "" && d.restoresAbroad(point.Kind, point.Engine) {
		scope.Region = r.Region
	}
	job := catalog.NewRestore(id, point, scope, r.Parameters, d.Who.Name, d.Clock.Now())
	plan, err := d.planRestore(job, point.Source, point.Point())
	if err != nil {
		return Outcome{}, err
	}
	return d.place(ctx, r.Order, Outcome{Jobs: []catalog.Job{job}, Point: &point, Plan: plan})
}

// restoresAbroad reports whether restores of a kind may be made in another region than that
// of their point.
func (d *Desk) restoresAbroad(kind resource.Kind, engine driver.Engine) bool {
	drv, ok := d.Drivers.For(kind, engine)
	return ok && drv.Descriptor().RestoreRegion
}

// restorePoint returns the point to restore from and checks that it can be. A request that
// was made before gets the point it got then, though there may be newer ones.
func (d *Desk) restorePoint(ctx context.Context, r RestoreRequest, earlier *catalog.Job) (catalog.RecoveryPoint, error) {
	id := strings.ToLower(r.Point)
	if earlier != nil && (earlier.PointID == id || earlier.ResourceARN == r.Resource) {
		return d.Store.Point(ctx, earlier.PointID)
	}
	if r.Resource != "" {
		return d.newestPoint(ctx, r)
	}
	var p problems
	point, known, err := d.namedPoint(ctx, &p, id)
	if err != nil || !known {
		return point, errors.Join(err, p.err())
	}
	if point.State != catalog.Available {
		p.add("point", "%s is %s: only an AVAILABLE point can be restored", point.ID, point.State)
	}
	abroad := r.Region != "" && r.Region != point.Region && !d.restoresAbroad(point.Kind, point.Engine)
	if abroad || r.Account != "" && r.Account != point.Account {
		hint, err := d.elsewhere(ctx, point, r.Account, r.Region)
		if err != nil {
			return point, err
		}
		p.add("region", "%s lies in %s/%s and can only be restored there: %s", point.ID, point.Account, point.Region, hint)
	}
	return point, p.err()
}

// elsewhere says how to restore in a place where the point does not lie.
func (d *Desk) elsewhere(ctx context.Context, point catalog.RecoveryPoint, account, region string) (string, error) {
	copies, err := d.Store.ListPoints(ctx, catalog.PointFilter{
		States: []catalog.PointState{catalog.Available}, ChainID: point.ChainID, Account: account, Region: region, Limit: 1,
	})
	if err != nil {
		return "", err
	}
	if len(copies) > 0 {
		return "use its copy, point " + copies[0].ID, nil
	}
	return "copy it first with `holdfast copy`", nil
}

// newestPoint returns the newest good point of the resource completed at or before the
// moment. The resource's home is looked at first: a copy is younger than what it is a copy of.
func (d *Desk) newestPoint(ctx context.Context, r RestoreRequest) (catalog.RecoveryPoint, error) {
	at := r.At
	if at.IsZero() {
		at = d.Clock.Now()
	}
	places := [][2]string{{r.Account, r.Region}}
	if parsed, err := resource.ParseARN(r.Resource); err != nil {
		return catalog.RecoveryPoint{}, refuse("resource", "%v", err)
	} else if r.Account == "" && r.Region == "" {
		places = [][2]string{{parsed.Account, parsed.Region}, {"", ""}}
	}
	for _, place := range places {
		points, err := d.Store.ListPoints(ctx, catalog.PointFilter{
			States: []catalog.PointState{catalog.Available}, ResourceARN: r.Resource,
			Account: place[0], Region: place[1], CompletedBefore: at, Limit: 1,
		})
		if err != nil {
			return catalog.RecoveryPoint{}, err
		}
		if len(points) > 0 {
			return points[0], nil
		}
	}
	return catalog.RecoveryPoint{}, refuse("", "there is no AVAILABLE recovery point of %s completed at or before %s%s: see `holdfast points list --resource %s`",
		r.Resource, instant(at), placeText(r.Account, r.Region), r.Resource)
}

func placeText(account, region string) string {
	switch {
	case account == "" && region == "":
		return ""
	case account == "":
		return " in " + region
	case region == "":
		return " in account " + account
	default:
		return " in " + account + "/" + region
	}
}

// planRestore asks the driver what the job would do; every bad or missing parameter is
// refused at once.
func (d *Desk) planRestore(job catalog.Job, source resource.Resource, point driver.Point) (*driver.RestorePlan, error) {
	drv, _ := d.Drivers.For(job.Kind, job.Engine)
	restorer, ok := drv.(driver.Restorer)
	if !ok {
		return nil, refuse("point", "%s cannot be restored: see `holdfast driver list`", job.Kind)
	}
	if job.ID == "" { // a dry run: the calls carry an id all the same
		var err error
		if job.ID, err = catalog.NewManualID(d.Entropy, d.Clock.Now()); err != nil {
			return nil, err
		}
	}
	plan, err := restorer.PlanRestore(driver.RestoreRequest{
		Scope: job.Scope(), Mark: job.Mark(d.Installation), Point: point, At: job.Spec.RestoreAt,
		Resource: source, Overrides: job.Spec.Parameters,
	})
	var wrong *driver.ParameterError
	switch {
	case errors.As(err, &wrong):
		var p problems
		if wrong.Moment != "" {
			p.add("at", "%s", wrong.Moment)
		}
		for _, text := range wrong.Problems {
			p.add("parameters", "%s", text)
		}
		return nil, p.err()
	case failure.Is(err, failure.Invalid):
		return nil, refuse("parameters", "%v", err)
	case err != nil:
		return nil, err
	}
	return &plan, nil
}
