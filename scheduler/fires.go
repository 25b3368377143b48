package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/resource"
)

// maxMissedFires bounds how many missed fires of one rule are recorded one by one.
const maxMissedFires = 100

// dueFires decides which fires of a rule are due at now: the newest one, when its start
// window is still open, is to be planned; older ones, and a newest one whose window has
// closed, were missed. It is pure.
func dueFires(rule policy.Rule, state catalog.RuleState, now time.Time) (due time.Time, missed []time.Time) {
	from := state.FirstSeenAt
	if state.LastFireAt.After(from) {
		from = state.LastFireAt
	}
	var all []time.Time
	for at, ok := rule.Next(from); ok && !at.After(now); at, ok = rule.Next(at) {
		all = append(all, at)
		if len(all) > maxMissedFires+1 {
			all = all[1:]
		}
	}
	if len(all) == 0 {
		return time.Time{}, nil
	}
	newest := all[len(all)-1]
	if now.Before(newest.Add(rule.StartWindow)) {
		return newest, all[:len(all)-1]
	}
	return time.Time{}, all
}

// fires plans every rule that is due.
func (s *Scheduler) fires(ctx context.Context) error {
	set := s.policy()
	if set == nil {
		return nil
	}
	now := s.clock.Now()
	for _, plan := range set.Plans {
		for _, rule := range plan.Rules {
			if err := s.fireRule(ctx, plan, rule, now); err != nil {
				return fmt.Errorf("rule %s/%s: %w", plan.Name, rule.Name, err)
			}
		}
	}
	return nil
}

func (s *Scheduler) fireRule(ctx context.Context, plan policy.Plan, rule policy.Rule, now time.Time) error {
	state, err := s.store.SeeRule(ctx, plan.Name, rule.Name, now)
	if err != nil {
		return err
	}
	due, missed := dueFires(rule, state, now)
	if len(missed) > 0 {
		if err := s.store.RecordFires(ctx, missedFires(plan, rule, missed, now)); err != nil {
			return err
		}
		s.log.Warn().Str("plan", plan.Name).Str("rule", rule.Name).Int("fires", len(missed)).Msg("fires were missed")
	}
	if due.IsZero() {
		return nil
	}
	key := plan.Name + "/" + rule.Name + "/" + due.Format(time.RFC3339)
	if _, seen := s.noticed[key]; !seen {
		s.noticed[key] = now
	}
	fresh, note, err := s.inventoryFresh(ctx, s.noticed[key], now)
	if err != nil || !fresh {
		return err
	}
	delete(s.noticed, key)
	return s.plan(ctx, plan, rule, due, now, note)
}

func missedFires(plan policy.Plan, rule policy.Rule, missed []time.Time, now time.Time) []catalog.Fire {
	fires := make([]catalog.Fire, len(missed))
	for i, at := range missed {
		fires[i] = catalog.Fire{
			Plan: plan.Name, Rule: rule.Name, At: at, State: catalog.FireExpired, PlannedAt: now,
			Note: "missed: no scheduler was running in its start window, or a newer fire was due",
		}
	}
	return fires
}

// planChunk is how many jobs are inserted at once while planning.
const planChunk = 2000

// plan inserts the jobs of one fire and records it. Ids are deterministic: a scheduler
// that crashed half-way, or a second one, inserts nothing new.
func (s *Scheduler) plan(ctx context.Context, plan policy.Plan, rule policy.Rule, at, now time.Time, note string) error {
	allowed, err := s.allowedScopes(ctx)
	if err != nil {
		return err
	}
	total, chunk := 0, make([]catalog.Job, 0, planChunk)
	flush := func() error {
		_, err := s.store.InsertJobs(ctx, chunk)
		total, chunk = total+len(chunk), chunk[:0]
		return err
	}
	err = s.store.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		if !allowed[item.Account+"/"+item.Region] || !takes(plan, rule, item.Resource) {
			return nil
		}
		chunk = append(chunk, s.backupJob(plan, rule, item.Resource, at, now))
		if len(chunk) < planChunk {
			return nil
		}
		return flush()
	})
	if err != nil {
		return fmt.Errorf("plan fire of %s: %w", at.Format(time.RFC3339), err)
	}
	if err := flush(); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	if err := s.supersede(ctx, plan.Name, rule.Name, at); err != nil {
		return err
	}
	s.log.Info().Str("plan", plan.Name).Str("rule", rule.Name).Time("fire", at).Int("jobs", total).Str("note", note).Msg("fire planned")
	return s.store.RecordFires(ctx, []catalog.Fire{{
		Plan: plan.Name, Rule: rule.Name, At: at, State: catalog.FirePlanned, PlannedAt: now, Jobs: total, Note: note,
	}})
}

// takes reports whether rule, one of plan's, backs r up. A resource the kind cannot back up is listed in
// the inventory but gets no job.
func takes(plan policy.Plan, rule policy.Rule, r resource.Resource) bool {
	if r.Unsupported != "" {
		return false
	}
	_, ok := plan.SelectsFor(&rule, r)
	return ok
}

// backupJob returns the job of one resource at one fire.
func (s *Scheduler) backupJob(plan policy.Plan, rule policy.Rule, r resource.Resource, at, now time.Time) catalog.Job {
	id := catalog.BackupJobID(s.opts.Installation, plan.Source, plan.Name, rule.Name, r.ARN, at)
	job := catalog.NewBackup(id, r, s.opts.Partition, "scheduler", now)
	job.Engine = EngineOf(rule, s.drivers, r.Kind)
	job.Plan, job.Rule, job.FireAt = plan.Name, rule.Name, at
	job.StartBy = at.Add(rule.StartWindow)
	job.CompleteBy = at.Add(rule.CompletionWindow)
	job.Spec = BackupSpec(rule, r, factsOf(s.drivers, job))
	if rule.MaxDelay > 0 {
		job.Spec.DueBy = at.Add(rule.MaxDelay)
	}
	return job
}

// EngineOf returns the engine a rule has for a kind: its own, or else the kind's default.
func EngineOf(rule policy.Rule, drivers *driver.Registry, kind resource.Kind) driver.Engine {
	return cmp.Or(driver.Engine(rule.Engine), drivers.DefaultEngine(kind))
}

// factsOf returns the facts about the driver of job; none where this build has no such driver.
func factsOf(drivers *driver.Registry, job catalog.Job) driver.Descriptor {
	if d, ok := drivers.For(job.Kind, job.Engine); ok {
		return d.Descriptor()
	}
	return driver.Descriptor{}
}

// coldAfter returns after how many days l moves points of a kind to cold storage, 0 for never:
// the kind has none, or archives only where l opts in.
func coldAfter(l policy.Lifecycle, facts driver.Descriptor) int {
	if !facts.ColdStorage || facts.Archive && !l.OptInToArchive {
		return 0
	}
	return l.MoveToColdStorageAfterDays
}

// BackupSpec returns what a rule asks of the backup of r by the driver with these facts.
func BackupSpec(rule policy.Rule, r resource.Resource, facts driver.Descriptor) catalog.Spec {
	spec := catalog.Spec{
		Vault: rule.Vault, ColdAfter: coldAfter(rule.Lifecycle, facts), DeleteAfter: rule.Lifecycle.DeleteAfterDays,
		Tags: rule.RecoveryPointTags, Options: rule.BackupOptions[r.Kind], Counted: rule.Retention.Counts(), Priority: rule.Priority,
	}
	for _, c := range rule.CopyActions {
		c = c.For(r.Account)
		if c.Account == r.Account && c.Region == r.Region {
			continue // the point is there already
		}
		spec.Copies = append(spec.Copies, catalog.CopySpec{
			Account: c.Account, Region: c.Region, Vault: c.Vault,
			ColdAfter: coldAfter(c.Lifecycle, facts), DeleteAfter: c.Lifecycle.DeleteAfterDays, Counted: c.Retention.Counts(), KMSKeyID: c.KMSKeyARN,
		})
	}
	return spec
}

// supersede ends waiting jobs of older fires whose resource the fire at `at` takes too.
func (s *Scheduler) supersede(ctx context.Context, plan, rule string, at time.Time) error {
	for {
		jobs, err := s.store.Superseded(ctx, plan, rule, at, submitBatch)
		if err != nil {
			return fmt.Errorf("load superseded jobs: %w", err)
		}
		for _, job := range jobs {
			err := s.ender.End(ctx, job, catalog.Expired, "window", "superseded by the fire of "+at.Format(time.RFC3339))
			if err != nil {
				return err
			}
		}
		if len(jobs) < submitBatch {
			return nil
		}
	}
}
