package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/scheduler"
)

// BackupRequest asks for backups now: of resources, or of everything a plan selects with
// the lifecycle and the copies of one of its rules. They have no window and do not replace
// the plan's own runs.
type BackupRequest struct {
	Order
	Resources   []string `json:"resources,omitempty"` // ARNs
	Plan        string   `json:"plan,omitempty"`
	Rule        string   `json:"rule,omitempty"`         // needed when the plan has several
	Engine      string   `json:"engine,omitempty"`       // of resources; empty: each kind's own
	DeleteAfter *int     `json:"delete_after,omitempty"` // days; of resources; nil: never
}

// Check returns what is wrong with the request by itself.
func (r BackupRequest) Check() []Problem {
	var p problems
	if (len(r.Resources) > 0) == (r.Plan != "") {
		p.add("", "name either resources or a plan")
	}
	if len(r.Resources) > MaxNamed {
		p.add("resources", "%d are named: use at most %d, or a plan", len(r.Resources), MaxNamed)
	}
	r.check(&p)
	p.checkDays(r.DeleteAfter)
	if r.Plan == "" && r.Rule != "" {
		p.add("rule", "goes with a plan only")
	}
	if r.Plan != "" && r.Engine != "" {
		p.add("engine", "goes with resources, not with a plan: the rule says which engine makes its points")
	}
	if r.Plan != "" && r.DeleteAfter != nil {
		p.add("delete_after", "goes with resources, not with a plan: the rule says how long its points live")
	}
	return p
}

// Backup makes a job for every resource asked for.
func (d *Desk) Backup(ctx context.Context, r BackupRequest) (Outcome, error) {
	if err := d.allow(access.BackUp, r.DryRun); err != nil {
		return Outcome{}, err
	}
	if err := problems(r.Check()).err(); err != nil {
		return Outcome{}, err
	}
	jobs, err := d.resourceBackups(ctx, r)
	if r.Plan != "" {
		jobs, err = d.planBackups(ctx, r)
	}
	if err != nil {
		return Outcome{}, err
	}
	return d.place(ctx, r.Order, Outcome{Jobs: jobs})
}

// resourceBackups makes a job for each resource, all unusable ones reported at once.
func (d *Desk) resourceBackups(ctx context.Context, r BackupRequest) ([]catalog.Job, error) {
	var p problems
	var jobs []catalog.Job
	for _, arn := range r.Resources {
		item, err := d.usableResource(ctx, &p, arn)
		if err != nil {
			return nil, err
		}
		id, err := d.backupID(r.Order, arn, len(r.Resources) > 1)
		if err != nil {
			return nil, err
		}
		job := catalog.NewBackup(id, item.Resource, d.Partition, d.Who.Name, d.Clock.Now())
		job.Engine = d.engine(&p, r.Engine, item)
		job.Spec.DeleteAfter = valueOf(r.DeleteAfter)
		jobs = append(jobs, job)
	}
	return jobs, p.err()
}

// engine reads the engine asked for: the kind's default when none is.
func (d *Desk) engine(p *problems, name string, item catalog.InventoryItem) driver.Engine {
	if name == "" || item.Kind == "" {
		return d.Drivers.DefaultEngine(item.Kind)
	}
	engine, err := driver.ParseEngine(name)
	if err != nil {
		p.add("engine", "%v", err)
	} else if _, ok := d.Drivers.For(item.Kind, engine); !ok {
		p.add("engine", "%s cannot back up %s: use %s", engine, item.Kind, joined(d.Drivers.Engines(item.Kind)))
	}
	return engine
}

// backupID returns the id of a manual backup. Where one request makes several jobs, each
// has an id of its own under the key, spelled as exactly as the ARN.
func (d *Desk) backupID(o Order, arn string, several bool) (string, error) {
	if o.IdempotencyKey != "" && several {
		return catalog.BackupJobID(d.Installation, "manual:"+o.IdempotencyKey, "", "", arn, time.Time{}), nil
	}
	return d.id(o)
}

// usableResource returns the inventory's entry for arn and notes why it cannot be backed
// up. The error is the catalog's only.
func (d *Desk) usableResource(ctx context.Context, p *problems, arn string) (catalog.InventoryItem, error) {
	item, err := d.Store.Resource(ctx, arn)
	switch {
	case errors.Is(err, catalog.ErrNotFound):
		p.add("resources", "%s is not in the inventory: check the ARN, or run `holdfast inventory sync`", arn)
		return item, nil
	case err != nil:
		return item, err
	case !item.GoneAt.IsZero():
		p.add("resources", "%s is gone since %s", arn, instant(item.GoneAt))
	case item.Unsupported != "":
		p.add("resources", "%s cannot be backed up: %s", arn, item.Unsupported)
	}
	if _, ok := d.Drivers.Get(item.Kind); !ok {
		p.add("resources", "%s is of kind %s, which the configuration leaves out", arn, item.Kind)
	}
	return item, nil
}

// planBackups makes a job for every resource the plan selects.
func (d *Desk) planBackups(ctx context.Context, r BackupRequest) ([]catalog.Job, error) {
	plan, rule, err := d.planRule(ctx, r.Plan, r.Rule)
	if err != nil {
		return nil, err
	}
	var jobs []catalog.Job
	now := d.Clock.Now()
	err = d.Store.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		engine := scheduler.EngineOf(*rule, d.Drivers, item.Kind)
		drv, known := d.Drivers.For(item.Kind, engine)
		if _, selected := plan.SelectsFor(rule, item.Resource); !selected || !known || item.Unsupported != "" {
			return nil
		}
		id, err := d.backupID(r.Order, item.ARN, true)
		if err != nil {
			return err
		}
		// No plan and rule: a later fire of the rule would supersede the job.
		job := catalog.NewBackup(id, item.Resource, d.Partition, d.Who.Name, now)
		job.Engine = engine
		job.Spec = scheduler.BackupSpec(*rule, item.Resource, drv.Descriptor())
		jobs = append(jobs, job)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the inventory: %w", err)
	}
	if len(jobs) == 0 {
		return nil, refuse("", "plan %s selects nothing of the inventory: see `holdfast inventory list`", plan.Name)
	}
	return jobs, nil
}

// planRule returns the plan and the rule named; a plan with one rule needs no name.
func (d *Desk) planRule(ctx context.Context, planName, ruleName string) (*policy.Plan, *policy.Rule, error) {
	set, err := d.Policies(ctx)
	if err != nil {
		return nil, nil, err
	}
	plan := set.Plan(planName)
	if plan == nil {
		return nil, nil, refuse("plan", "there is no plan %q: the policies have %s", planName, planNames(set))
	}
	names := make([]string, len(plan.Rules))
	for i, r := range plan.Rules {
		names[i] = r.Name
	}
	if ruleName == "" && len(plan.Rules) == 1 {
		return plan, &plan.Rules[0], nil
	}
	rule := plan.Rule(ruleName)
	if ruleName == "" {
		return nil, nil, refuse("rule", "is needed, because plan %s has several: name one of %s", plan.Name, strings.Join(names, ", "))
	}
	if rule == nil {
		return nil, nil, refuse("rule", "%q is no rule of plan %s: name one of %s", ruleName, plan.Name, strings.Join(names, ", "))
	}
	return plan, rule, nil
}

func planNames(set *policy.Set) string {
	if len(set.Plans) == 0 {
		return "no plans"
	}
	names := make([]string, len(set.Plans))
	for i, p := range set.Plans {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}
