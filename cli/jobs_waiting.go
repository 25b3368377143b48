package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/admission"
	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/operator"
	"holdfast/producer"
	"holdfast/scheduler"
)

// waiting says why a job has not begun.
type waiting struct {
	Reason  waitReason `json:"reason"`
	Message string     `json:"message"`
	// FullKeys are the keys without a free slot, HeldBy some of the jobs that hold them.
	FullKeys []admission.KeyUsage `json:"full_keys,omitempty"`
	HeldBy   []slotHolder         `json:"held_by,omitempty"`
	// Ahead counts the jobs before it in its own line, Before all that are expected to get
	// a slot first. Null: not known.
	Ahead    *int      `json:"ahead"`
	Before   *int      `json:"before"`
	Estimate *estimate `json:"estimate"` // null: nothing to estimate it from
}

// waitReason is one of a closed list.
type waitReason string

// The reasons.
const (
	waitsForRetry    waitReason = "retry"        // its next attempt is due later
	waitsForRole     waitReason = "breaker"      // the role of its account fails
	waitsForAccount  waitReason = "account_left" // its account no longer belongs to the installation
	waitsForOperator waitReason = "paused"       // somebody set a cap of 0
	waitsForLeader   waitReason = "no_leader"    // nobody carries it to the waiting room
	waitsForSubmit   waitReason = "not_submitted"
	waitsForSlot     waitReason = "full"     // one of its keys has no free slot
	waitsForTurn     waitReason = "turn"     // its keys have free slots, it is not its turn
	waitsForWorker   waitReason = "granted"  // it has its slots; no worker has begun it
	isStarting       waitReason = "starting" // a worker has begun it
)

// slotHolder is a job that holds a slot another waits for.
type slotHolder struct {
	JobID    string    `json:"job_id"`
	Type     string    `json:"type"`
	State    string    `json:"state"`
	Resource string    `json:"resource_arn"`
	Since    time.Time `json:"started_at,omitzero"`
}

// whyWaiting explains a job that has not begun; nil for any other.
func (d *desk) whyWaiting(ctx context.Context, job catalog.Job) (*waiting, error) {
	if job.State != catalog.Created || job.IntentOpen() {
		return nil, nil
	}
	for _, ask := range []func(context.Context, catalog.Job) (*waiting, error){
		d.retryReason, d.roleReason, d.accountReason, d.pauseReason, d.leaderReason,
	} {
		if w, err := ask(ctx, job); w != nil || err != nil {
			return w, err
		}
	}
	return d.slotReason(ctx, job)
}

func because(reason waitReason, format string, args ...any) *waiting {
	return &waiting{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func (d *desk) retryReason(_ context.Context, job catalog.Job) (*waiting, error) {
	if !job.RetryAt.After(d.clock.Now()) {
		return nil, nil
	}
	return because(waitsForRetry, "the last attempt failed (%s: %s); the next is at %s", job.Class, orDash(job.Message), instantText(job.RetryAt)), nil
}

func (d *desk) roleReason(ctx context.Context, job catalog.Job) (*waiting, error) {
	b, err := d.store.Breaker(ctx, job.Account)
	if err != nil || !b.Open() {
		return nil, err
	}
	return because(waitsForRole, "account %s starts nothing since %s because its role fails (%s); it is tried again at %s",
		job.Account, instantText(b.OpenSince), b.Message, instantText(b.ProbeAt)), nil
}

// accountReason knows the accounts of the configuration; those AWS Organizations lists are
// known to the leader only.
func (d *desk) accountReason(ctx context.Context, job catalog.Job) (*waiting, error) {
	a := d.cfg.AWS.Accounts
	left := slices.Contains(a.Exclude, job.Account)
	if a.Source == config.AccountsList && !slices.Contains(a.IDs, job.Account) {
		left = true
	}
	if !left {
		return nil, nil
	}
	scopes, err := d.store.InventoryScopes(ctx)
	if err != nil || !slices.Contains(scheduler.Departed(scopes, nil), job.Account) {
		return nil, err // it was never ours: a place for copies
	}
	return because(waitsForAccount, "account %s no longer belongs to the installation: what waits there does not begin; see aws.accounts", job.Account), nil
}

func (d *desk) pauseReason(ctx context.Context, job catalog.Job) (*waiting, error) {
	set, _, err := d.store.Caps(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range producer.NewRequest(job, d.act.Units).Keys {
		for _, c := range set {
			own := c.Key == string(key)
			if c.Limit == 0 && (own || c.Key == string(key.Default()) && !hasOwn(set, key)) {
				return because(waitsForOperator, "%s is paused: %s set %s to 0 at %s; `holdfast limits set %s concurrency=N` lets it go on",
					key, c.UpdatedBy, c.Key, instantText(c.UpdatedAt), c.Key), nil
			}
		}
	}
	return nil, nil
}

func hasOwn(set []catalog.Cap, key admission.Key) bool {
	return slices.ContainsFunc(set, func(c catalog.Cap) bool { return c.Key == string(key) })
}

func (d *desk) leaderReason(ctx context.Context, _ catalog.Job) (*waiting, error) {
	lease, err := d.store.Lease(ctx, scheduler.LeaseName)
	if err != nil || lease.Held {
		return nil, err
	}
	return because(waitsForLeader, "no scheduler leads this installation: start `holdfast up` or `holdfast scheduler`"), nil
}

// slotReason asks admission, or the catalog where admission is inside another process.
func (d *desk) slotReason(ctx context.Context, job catalog.Job) (*waiting, error) {
	if job.Epoch == 0 {
		return because(waitsForSubmit, "the leader has not put it into the waiting room yet; it does so every second"), nil
	}
	e, counted, err := d.explain(ctx, job)
	if err != nil {
		return nil, err
	}
	switch e.Place {
	case admission.Granted:
		return because(waitsForWorker, "it has its slots and waits for a worker"), nil
	case admission.Entered:
		return because(isStarting, "a worker has begun it"), nil
	case admission.Absent:
		return because(waitsForSubmit, "the waiting room does not know it; the leader puts it there within seconds"), nil
	}
	w := because(waitsForTurn, "its keys have free slots and it is not its turn yet: the workers are busy, or none runs")
	if counted == countedCatalog {
		w.Message = "its keys have free slots; what it waits for beside them only the running process knows"
	}
	if len(e.FullKeys) > 0 {
		w = because(waitsForSlot, "no slot is free of %s", keysText(e.FullKeys))
	}
	w.FullKeys, w.Ahead = e.FullKeys, &e.Ahead
	if w.HeldBy, err = d.slotHolders(ctx, e.HeldBy); err != nil {
		return nil, err
	}
	return w, d.estimate(ctx, job, w)
}

// explain asks Redis where the job is, or works it out from the catalog.
func (d *desk) explain(ctx context.Context, job catalog.Job) (admission.Explanation, string, error) {
	queue, err := app.OpenQueue(ctx, d.cfg)
	if err == nil {
		defer func() { _ = queue.Close() }()
		e, err := queue.Controller.Explain(ctx, job.ID)
		if err == nil {
			return e, countedRedis, nil
		}
		d.note("redis could not be asked: %v", err)
	} else if !errors.Is(err, app.ErrEmbeddedRedis) {
		d.note("%v", err)
	}
	e, err := d.explainFromCatalog(ctx, job)
	return e, countedCatalog, err
}

// shownHolders is how many holders of full keys are named.
const shownHolders = 10

// explainFromCatalog knows who has begun and who waits, not whose turn it is.
func (d *desk) explainFromCatalog(ctx context.Context, job catalog.Job) (admission.Explanation, error) {
	e := admission.Explanation{Place: admission.Waiting}
	set, _, err := d.store.Caps(ctx)
	if err != nil {
		return e, err
	}
	mine := producer.NewRequest(job, d.act.Units)
	keys := mine.Keys
	if mine.Resource != "" {
		keys = append(keys, mine.Resource)
	}
	holders := map[admission.Key][]string{}
	err = d.act.EachHolder(ctx, func(other catalog.Job) {
		r := producer.NewRequest(other, d.act.Units)
		for _, key := range append(r.Keys, r.Resource) {
			holders[key] = append(holders[key], other.ID)
		}
	})
	if err != nil {
		return e, err
	}
	for _, key := range keys {
		slots := 1
		if key.Dimension() != admission.ResourceDimension {
			slots = operator.SlotsOf(operator.CapOf(d.act.DefaultCaps, set, nil, string(key)).Concurrency)
		}
		if held := holders[key]; slots != operator.NoLimit && len(held) >= slots {
			e.FullKeys = append(e.FullKeys, admission.KeyUsage{Key: key, Cap: slots, Held: len(held)})
			e.HeldBy = append(e.HeldBy, held[:min(len(held), shownHolders)]...)
		}
	}
	slices.Sort(e.HeldBy)
	e.HeldBy = slices.Compact(e.HeldBy)
	e.HeldBy = e.HeldBy[:min(len(e.HeldBy), shownHolders)]
	e.Ahead, err = d.aheadInCatalog(ctx, job, mine)
	return e, err
}

// aheadInCatalog counts the jobs of the same line that go first, at most maxListLimit.
func (d *desk) aheadInCatalog(ctx context.Context, job catalog.Job, mine admission.Request) (int, error) {
	f := filterAlike(job)
	f.States = []catalog.State{catalog.Created}
	jobs, err := d.store.ListJobs(ctx, f)
	ahead := 0
	for _, other := range jobs {
		r := producer.NewRequest(other, d.act.Units)
		if other.ID != job.ID && r.Group == mine.Group && goesBefore(r, mine) {
			ahead++
		}
	}
	return ahead, err
}

// goesBefore orders the jobs of a line: band, deadline (none is last), id.
func goesBefore(a, b admission.Request) bool {
	switch {
	case a.Band != b.Band:
		return a.Band < b.Band
	case !a.Deadline.Equal(b.Deadline):
		return !a.Deadline.IsZero() && (b.Deadline.IsZero() || a.Deadline.Before(b.Deadline))
	default:
		return a.JobID < b.JobID
	}
}

// slotHolders reads what the holders are doing, longest first.
func (d *desk) slotHolders(ctx context.Context, ids []string) ([]slotHolder, error) {
	jobs, err := d.store.JobsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	var list []slotHolder
	for _, id := range ids {
		job := jobs[id] // one the catalog does not know yet is only a name
		list = append(list, slotHolder{JobID: id, Type: string(job.Type), State: string(job.State), Resource: job.ResourceARN, Since: job.StartedAt})
	}
	slices.SortStableFunc(list, func(a, b slotHolder) int { return a.Since.Compare(b.Since) })
	return list, nil
}
