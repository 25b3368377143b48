package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"holdfast/admission"
	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/internal/clock"
	"holdfast/scheduler"
)

// What the doctor tolerates.
const (
	stepTimeout   = 15 * time.Second // one question to a store
	clockWarning  = 5 * time.Second  // apart from the database
	stuckAfter    = 10 * time.Minute // submittable and not submitted
	overdueLimit  = 1000
	namedAtMost   = 5
	staleListings = 3 // times scheduler.inventory_max_age
)

// examination is one run of the doctor.
type examination struct {
	cfg   *config.Config
	clock clock.Clock
	found *diagnosis
	app   *app.App // nil while the catalog is not open
}

// configuration notes what the loaded configuration warns of.
func (e *examination) configuration() {
	for _, w := range e.cfg.Warnings {
		e.found.warn("config", "see docs/configuration.md", "%s", w)
	}
	if len(e.cfg.Warnings) == 0 {
		e.found.ok("config", "installation %s, from %s", e.cfg.Installation, orDash(e.cfg.File()))
	}
}

// policies compiles what the scheduler would.
func (e *examination) policies(ctx context.Context) {
	const remedy = "run `holdfast policy validate` on the files; the scheduler does not start with them"
	last, err := e.lastValid(ctx)
	if err != nil {
		e.found.fail("policies", "check that the catalog's database is up", "%v", err)
		return
	}
	policies, err := app.LoadPolicies(e.cfg, app.PlanningDrivers(e.cfg), last)
	if err != nil {
		e.found.warn("policies", remedy, "%v", err)
		return
	}
	for _, g := range policies.Withheld() {
		e.found.warn("policies", "mend the policies of the organization: `holdfast policy effective --organization DIR --account ID` lists every problem",
			"%s", g)
	}
	set, result, names := policies.Set, policies.Result, policies.Files
	switch {
	case len(result.Problems) > 0:
		e.found.warn("policies", remedy, "%d problems, the first: %s", len(result.Problems), result.Problems[0])
	case len(set.Plans) == 0:
		e.found.warn("policies", "name policy files in `policies`", "there is no plan: nothing is backed up by itself")
	case len(result.Warnings) > 0:
		e.found.warn("policies", "run `holdfast policy validate`", "%d warnings, the first: %s", len(result.Warnings), result.Warnings[0])
	default:
		e.found.ok("policies", "%d plans in %d files", len(set.Plans), len(names))
	}
}

// lastValid returns the last valid policies of an organization, none without a catalog.
func (e *examination) lastValid(ctx context.Context) (app.LastValid, error) {
	if e.app == nil {
		return nil, nil
	}
	return e.app.Store.LastValidPolicies(ctx)
}

// openCatalog opens the catalog and what calls AWS.
func (e *examination) openCatalog(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	opened, err := app.New(ctx, app.Options{Config: e.cfg, Log: zerolog.Nop(), Clock: e.clock, WithoutRedis: true})
	if err != nil {
		e.found.fail("catalog", "check catalog.dsn and that the database is up", "%v", err)
		return false
	}
	e.app = opened
	e.found.ok("catalog", "%s answers, its schema is current", e.cfg.Catalog.DSN)
	return true
}

// stored asks the catalog how the installation is.
func (e *examination) stored(ctx context.Context) {
	for _, check := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"clock", e.skew}, {"leader", e.leader}, {"breakers", e.breakers},
		{"jobs", e.jobs}, {"inventory", e.inventory}, {"left", e.left}, {"risks", e.risks},
		{"deletions", e.deletions}, {"ledger", e.ledger}, {"notifications", e.notifications},
	} {
		limited, cancel := context.WithTimeout(ctx, stepTimeout)
		if err := check.run(limited); err != nil {
			e.found.fail(check.name, "check that the catalog's database is up", "%v", err)
		}
		cancel()
	}
	e.disk()
}

// skew compares this machine's clock with the database's.
func (e *examination) skew(ctx context.Context) error {
	database, err := e.app.Store.Now(ctx)
	if err != nil {
		return err
	}
	skew := e.clock.Now().Sub(database).Abs()
	if skew > clockWarning {
		e.found.warn("clock", "set this machine's clock (NTP): a scheduler whose clock is off does not lead", "%s off the database's", skew.Round(time.Second))
		return nil
	}
	e.found.ok("clock", "agrees with the database's")
	return nil
}

// leader looks who holds the lease.
func (e *examination) leader(ctx context.Context) error {
	lease, err := e.app.Store.Lease(ctx, scheduler.LeaseName)
	if err != nil {
		return err
	}
	if !lease.Held {
		e.found.warn("leader", "start `holdfast up` or `holdfast scheduler`: without a leader nothing begins", "no scheduler leads")
		return nil
	}
	e.found.ok("leader", "%s, term %d", lease.Owner, lease.Term)
	return nil
}

// breakers names accounts that may start nothing.
func (e *examination) breakers(ctx context.Context) error {
	breakers, err := e.app.Store.Breakers(ctx)
	if err != nil {
		return err
	}
	open := 0
	for _, b := range breakers {
		if !b.Open() {
			continue
		}
		if open++; open <= namedAtMost {
			e.found.warn("breakers", "mend the role or key of the account; it is tried again by itself at "+instantText(b.ProbeAt),
				"account %s starts nothing since %s: %s", b.Account, instantText(b.OpenSince), b.Message)
		}
	}
	switch {
	case open == 0:
		e.found.ok("breakers", "no account is held back")
	case open > namedAtMost:
		e.found.warn("breakers", "see them all in the web overview", "%d more accounts are held back", open-namedAtMost)
	}
	return nil
}

// jobs looks for jobs that do not get on.
func (e *examination) jobs(ctx context.Context) error {
	now := e.clock.Now()
	overdue, err := e.app.Store.Overdue(ctx, now, overdueLimit)
	if err != nil {
		return err
	}
	if len(overdue) > 0 {
		e.found.warn("jobs", "see `holdfast jobs show`; the leader cancels them within seconds", "%s running past their completion window: %s", atLeast(len(overdue), overdueLimit), firstJobs(overdue))
	}
	waiting, err := e.app.Store.ListJobs(ctx, catalog.JobFilter{States: []catalog.State{catalog.Created}, Until: now.Add(-stuckAfter), Limit: overdueLimit})
	if err != nil {
		return err
	}
	waiting = unsubmitted(waiting, now)
	if len(waiting) > 0 {
		e.found.warn("jobs", "check that a scheduler leads and that Redis answers", "%s waiting for more than %s without being submitted: %s",
			atLeast(len(waiting), overdueLimit), durationText(stuckAfter), firstJobs(waiting))
	}
	unseen, err := e.unseen(ctx, now)
	if err != nil {
		return err
	}
	if len(unseen) > 0 {
		e.found.warn("jobs", "check that workers run and that they reach AWS; `holdfast jobs show` says what was seen last", "%s on AWS and not looked at for more than %s: %s",
			atLeast(len(unseen), overdueLimit), durationText(stuckAfter), firstJobs(unseen))
	}
	if len(overdue)+len(waiting)+len(unseen) == 0 {
		e.found.ok("jobs", "none is overdue or stuck")
	}
	return nil
}

// unseen returns jobs that run on AWS and that nobody has looked at when it was time.
func (e *examination) unseen(ctx context.Context, now time.Time) (stuck []catalog.Job, err error) {
	groups, err := e.app.Store.DueLooks(ctx, now.Add(-stuckAfter), overdueLimit)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		jobs, err := e.app.Store.DueJobs(ctx, g, now.Add(-stuckAfter), overdueLimit-len(stuck))
		if err != nil {
			return nil, err
		}
		if stuck = append(stuck, jobs...); len(stuck) >= overdueLimit {
			break
		}
	}
	return stuck, nil
}

// unsubmitted returns the jobs nobody has put into the waiting room although they may go.
func unsubmitted(jobs []catalog.Job, now time.Time) []catalog.Job {
	var stuck []catalog.Job
	for _, j := range jobs {
		if j.Epoch == 0 && !j.IntentOpen() && !j.RetryAt.After(now.Add(-stuckAfter)) {
			stuck = append(stuck, j)
		}
	}
	return stuck
}

// inventory looks for listings that fail or are old.
func (e *examination) inventory(ctx context.Context) error {
	scopes, err := e.app.Store.InventoryScopes(ctx)
	if err != nil {
		return err
	}
	var bad []string
	limit := e.clock.Now().Add(-staleListings * e.cfg.Scheduler.InventoryMaxAge)
	for _, s := range scopes {
		name := fmt.Sprintf("%s in %s/%s", s.Kind, s.Account, s.Region)
		switch {
		case s.Class != "":
			bad = append(bad, fmt.Sprintf("%s fails (%s)", name, s.Class))
		case s.SyncedAt.Before(limit):
			bad = append(bad, name+" is old")
		}
	}
	switch {
	case len(scopes) == 0:
		e.found.warn("inventory", "start a scheduler and a worker, or run `holdfast inventory sync`", "nothing was ever listed")
	case len(bad) > 0:
		e.found.warn("inventory", "run `holdfast inventory sync` to see why", "%d of %d listings: %s", len(bad), len(scopes), firstOf(bad))
	default:
		e.found.ok("inventory", "%d listings are current", len(scopes))
	}
	return nil
}

// redis asks the queue: version, admission epoch, workers.
func (e *examination) redis(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	queue, err := app.OpenQueue(ctx, e.cfg)
	switch {
	case errors.Is(err, app.ErrEmbeddedRedis):
		e.found.ok("redis", "embedded: it lives and dies with `holdfast up`")
		return
	case err != nil:
		e.found.fail("redis", "check redis.addresses, redis.password and that the server is up", "%v", err)
		return
	}
	defer func() { _ = queue.Close() }()
	e.queue(ctx, queue)
}

// minRedis is the oldest Redis whose commands are used.
var minRedis = [2]int{6, 2}

func (e *examination) queue(ctx context.Context, queue *app.Queue) {
	version, err := queue.Version(ctx)
	switch {
	case err != nil:
		e.found.fail("redis", "check that the user may run INFO", "%v", err)
	case olderThan(version, minRedis):
		e.found.warn("redis", "use Redis 6.2 or later, or Valkey", "version %s is too old", version)
	default:
		e.found.ok("redis", "answers, version %s", version)
	}
	epoch, err := queue.Controller.Epoch(ctx)
	switch {
	case errors.Is(err, admission.ErrNotReady):
		e.found.warn("admission", "start a scheduler: the leader refills it within a second", "the slots are not filled")
	case err != nil:
		e.found.fail("admission", "check that Redis is up", "%v", err)
	default:
		e.found.ok("admission", "epoch %d", epoch)
	}
	e.redisClock(ctx, queue)
	e.refused(queue)
	e.budgets(ctx, queue.Budgets)
	processes, concurrency, err := queue.Workers()
	switch {
	case err != nil:
		e.found.fail("workers", "check that Redis is up", "%v", err)
	case processes == 0:
		e.found.warn("workers", "start `holdfast worker`", "none is alive")
	default:
		e.found.ok("workers", "%d processes for %d tasks at once", processes, concurrency)
	}
}

// redisClock compares this machine's clock with that of Redis, by which leases of tasks run.
func (e *examination) redisClock(ctx context.Context, queue *app.Queue) {
	now, err := queue.Now(ctx)
	if err != nil {
		e.found.fail("redis", "check that the user may run TIME", "%v", err)
		return
	}
	if skew := e.clock.Now().Sub(now).Abs(); skew > clockWarning {
		e.found.warn("clock", "set the clock (NTP) of this machine or of Redis", "%s off that of Redis", skew.Round(time.Second))
	}
}

// refused counts what workers refused to do.
func (e *examination) refused(queue *app.Queue) {
	forged, newer, err := queue.Refused()
	switch {
	case err != nil:
		e.found.fail("queue", "check that Redis is up", "%v", err)
		return
	case forged+newer == 0:
		e.found.ok("queue", "no task was refused")
	}
	if newer > 0 {
		e.found.warn("queue", "update every worker; the leader has what they refused done again", "%d tasks are of a newer Holdfast than the worker that took them", newer)
	}
	if forged > 0 {
		e.found.warn("queue", "give every process the same queue.key; if they have it, somebody else writes to Redis: see docs/playbooks/doctor-queue.md",
			"%d tasks were refused because their signature is missing or wrong", forged)
	}
}

// olderThan compares major and minor numbers; a version it cannot read is not older.
func olderThan(version string, least [2]int) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major < least[0] || major == least[0] && minor < least[1]
}

// atLeast says how many, when a query was cut off at limit.
func atLeast(n, limit int) string {
	if n >= limit {
		return fmt.Sprintf("%d or more jobs are", limit)
	}
	return fmt.Sprintf("%d jobs are", n)
}

func firstJobs(jobs []catalog.Job) string {
	ids := make([]string, 0, len(jobs))
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return firstOf(ids)
}

// firstOf names some of many.
func firstOf(names []string) string {
	text := strings.Join(names[:min(len(names), namedAtMost)], ", ")
	if len(names) > namedAtMost {
		text += ", ..."
	}
	return text
}
