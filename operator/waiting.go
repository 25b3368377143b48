package operator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/producer"
	"holdfast/scheduler"
)

// Queue is admission as people look at it.
type Queue interface {
	// Usage returns every key that is held, waited for or capped, at most limit.
	Usage(ctx context.Context, limit int) ([]admission.KeyUsage, error)
	// Explain says where a job is and what it waits for.
	Explain(ctx context.Context, jobID string) (admission.Explanation, error)
}

// Where held slots and waiting jobs are counted: the catalog knows who has begun and who
// has not, and not whose turn it is.
const (
	CountedRedis   = "redis"
	CountedCatalog = "catalog"
)

// Waiting says why a job has not begun.
type Waiting struct {
	Reason  WaitReason `json:"reason" enum:"retry,undo,breaker,account_left,paused,no_leader,not_submitted,full,chain,turn,granted,starting"`
	Message string     `json:"message"`
	// Until is when the reason passes by itself, where that is known.
	Until time.Time `json:"until,omitzero"`
	// FullKeys are the keys without a free slot, HeldBy some of the jobs that hold them.
	FullKeys []admission.KeyUsage `json:"full_keys,omitempty"`
	HeldBy   []SlotHolder         `json:"held_by,omitempty"`
	// Ahead counts the jobs before it in its own line, Before all that are expected to get
	// a slot first. Null: not known.
	Ahead    *int      `json:"ahead"`
	Before   *int      `json:"before"`
	Estimate *Estimate `json:"estimate" doc:"null: nothing to estimate it from"`
	// Counted says where the place comes from; Note why that is not Redis.
	Counted string `json:"counted,omitempty"`
	Note    string `json:"note,omitempty"`
}

// WaitReason is one of a closed list.
type WaitReason string

// The reasons.
const (
	WaitsForRetry    WaitReason = "retry"        // its next attempt is due later
	WaitsForUndo     WaitReason = "undo"         // a deletion that can still be taken back
	WaitsForRole     WaitReason = "breaker"      // the role of its account fails
	WaitsForAccount  WaitReason = "account_left" // its account no longer belongs to the installation
	WaitsForOperator WaitReason = "paused"       // somebody set a cap of 0
	WaitsForLeader   WaitReason = "no_leader"    // nobody carries it to the waiting room
	WaitsForSubmit   WaitReason = "not_submitted"
	WaitsForSlot     WaitReason = "full"     // one of its keys has no free slot
	WaitsForChain    WaitReason = "chain"    // the job before it in its chain has not ended
	WaitsForTurn     WaitReason = "turn"     // its keys have free slots, it is not its turn
	WaitsForWorker   WaitReason = "granted"  // it has its slots; no worker has begun it
	IsStarting       WaitReason = "starting" // a worker has begun it
)

// SlotHolder is a job that holds a slot another waits for.
type SlotHolder struct {
	JobID    string    `json:"job_id"`
	Type     string    `json:"type"`
	State    string    `json:"state"`
	Resource string    `json:"resource_arn"`
	Since    time.Time `json:"started_at,omitzero"`
}

// WhyWaiting explains a job that has not begun; it returns nil for any other.
func (o *Office) WhyWaiting(ctx context.Context, job catalog.Job) (*Waiting, error) {
	if job.State != catalog.Created || job.IntentOpen() {
		return nil, nil //nolint:nilnil // it does not wait
	}
	for _, ask := range []func(context.Context, catalog.Job) (*Waiting, error){
		o.retryReason, o.roleReason, o.accountReason, o.pauseReason, o.leaderReason,
	} {
		if w, err := ask(ctx, job); w != nil || err != nil {
			return w, err
		}
	}
	return o.slotReason(ctx, job)
}

// Text is why a job waits, and for how long, in one sentence.
func (w *Waiting) Text() string {
	text := w.Message
	if len(w.HeldBy) > 0 {
		text += "; held by " + w.HeldBy[0].JobID
		if more := len(w.HeldBy) - 1; more > 0 {
			text += fmt.Sprintf(" and %s", Counted(more, "other"))
		}
	}
	if w.Before != nil {
		text += fmt.Sprintf("; %s before it", Counted(*w.Before, "job"))
	}
	if w.Estimate != nil {
		text += "; it may begin in about " + DurationText(w.Estimate.After())
	}
	return text
}

func because(reason WaitReason, format string, args ...any) *Waiting {
	return &Waiting{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func (o *Office) retryReason(_ context.Context, job catalog.Job) (*Waiting, error) {
	if !job.RetryAt.After(o.Clock.Now()) {
		return nil, nil //nolint:nilnil // the next reason is asked
	}
	var w *Waiting
	switch {
	case job.Class != "":
		message := job.Message
		if message == "" {
			message = "-"
		}
		w = because(WaitsForRetry, "the last attempt failed (%s: %s); the next is at %s", job.Class, message, instant(job.RetryAt))
	case job.Type == driver.Expire:
		w = because(WaitsForUndo, "the deletion can be taken back until %s: `holdfast jobs cancel %s`", instant(job.RetryAt), job.ID)
	default:
		w = because(WaitsForRetry, "it is not to begin before %s", instant(job.RetryAt))
	}
	w.Until = job.RetryAt
	return w, nil
}

func (o *Office) roleReason(ctx context.Context, job catalog.Job) (*Waiting, error) {
	b, err := o.Store.Breaker(ctx, job.Account)
	if err != nil || !b.Open() {
		return nil, err
	}
	w := because(WaitsForRole, "account %s starts nothing since %s because its role fails (%s); it is tried again at %s",
		job.Account, instant(b.OpenSince), b.Message, instant(b.ProbeAt))
	w.Until = b.ProbeAt
	return w, nil
}

// accountReason knows the accounts of the configuration; those AWS Organizations lists are
// known to the leader only.
func (o *Office) accountReason(ctx context.Context, job catalog.Job) (*Waiting, error) {
	if o.Excludes == nil || !o.Excludes(job.Account) {
		return nil, nil //nolint:nilnil // the next reason is asked
	}
	scopes, err := o.Store.InventoryScopes(ctx)
	if err != nil || !slices.Contains(scheduler.Departed(scopes, nil), job.Account) {
		return nil, err // it was never ours: a place for copies
	}
	return because(WaitsForAccount, "account %s no longer belongs to the installation: what waits there does not begin; see aws.accounts", job.Account), nil
}

func (o *Office) pauseReason(ctx context.Context, job catalog.Job) (*Waiting, error) {
	set, _, err := o.Store.Caps(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range producer.NewRequest(job, o.Units).Keys {
		for _, c := range set {
			own := c.Key == string(key)
			if c.Limit == 0 && (own || c.Key == string(key.Default()) && !hasOwn(set, key)) {
				return because(WaitsForOperator, "%s is paused: %s set %s to 0 at %s; `holdfast limits set %s concurrency=N` lets it go on",
					key, c.UpdatedBy, c.Key, instant(c.UpdatedAt), c.Key), nil
			}
		}
	}
	return nil, nil //nolint:nilnil // the next reason is asked
}

func hasOwn(set []catalog.Cap, key admission.Key) bool {
	return slices.ContainsFunc(set, func(c catalog.Cap) bool { return c.Key == string(key) })
}

func (o *Office) leaderReason(ctx context.Context, _ catalog.Job) (*Waiting, error) {
	lease, err := o.Store.Lease(ctx, scheduler.LeaseName)
	if err != nil || lease.Held {
		return nil, err
	}
	return because(WaitsForLeader, "no scheduler leads this installation: start `holdfast up` or `holdfast scheduler`"), nil
}

// slotReason asks admission, or the catalog where admission is inside another process.
func (o *Office) slotReason(ctx context.Context, job catalog.Job) (*Waiting, error) {
	if job.Epoch == 0 {
		return because(WaitsForSubmit, "the leader has not put it into the waiting room yet; it does so every second"), nil
	}
	e, counted, note, err := o.explain(ctx, job)
	if err != nil {
		return nil, err
	}
	switch e.Place {
	case admission.Granted:
		return because(WaitsForWorker, "it has its slots and waits for a worker"), nil
	case admission.Entered:
		return because(IsStarting, "a worker has begun it"), nil
	case admission.Absent:
		return because(WaitsForSubmit, "the waiting room does not know it; the leader puts it there within seconds"), nil
	}
	w := because(WaitsForTurn, "its keys have free slots and it is not its turn yet: the workers are busy, or none runs")
	if counted == CountedCatalog {
		w.Message = "its keys have free slots; what it waits for beside them only the running process knows"
	}
	holders, err := o.Store.JobsByID(ctx, e.HeldBy)
	if err != nil {
		return nil, err
	}
	if len(e.FullKeys) > 0 {
		w = because(WaitsForSlot, "no slot is free of %s", keysText(e.FullKeys))
	}
	if before, ok := beforeInChain(job, holders); ok && onlyItsResource(e.FullKeys) {
		w = because(WaitsForChain, "it waits for the %s before it in its chain, %s", before.Type, before.ID)
	}
	w.FullKeys, w.Ahead, w.HeldBy, w.Counted, w.Note = e.FullKeys, &e.Ahead, slotHolders(e.HeldBy, holders), counted, note
	return w, o.estimate(ctx, job, w)
}

// beforeInChain returns the holder of a full key that is of the same chain as job.
func beforeInChain(job catalog.Job, holders map[string]catalog.Job) (catalog.Job, bool) {
	for _, h := range holders {
		if h.ChainID == job.ChainID && h.ID != job.ID {
			return h, true
		}
	}
	return catalog.Job{}, false
}

// onlyItsResource reports whether keys are the resource of a job and no more.
func onlyItsResource(keys []admission.KeyUsage) bool {
	return len(keys) == 1 && keys[0].Key.Dimension() == admission.ResourceDimension
}

// explain asks Redis where the job is, or works it out from the catalog and says why.
func (o *Office) explain(ctx context.Context, job catalog.Job) (e admission.Explanation, counted, note string, err error) {
	if o.Queue != nil {
		if e, err = o.Queue.Explain(ctx, job.ID); err == nil {
			return e, CountedRedis, "", nil
		}
		note = err.Error()
	}
	e, err = o.explainFromCatalog(ctx, job)
	return e, CountedCatalog, note, err
}

// shownHolders is how many holders of full keys are named.
const shownHolders = 10

// explainFromCatalog knows who has begun and who waits, not whose turn it is.
func (o *Office) explainFromCatalog(ctx context.Context, job catalog.Job) (admission.Explanation, error) {
	e := admission.Explanation{Place: admission.Waiting}
	set, _, err := o.Store.Caps(ctx)
	if err != nil {
		return e, err
	}
	mine := producer.NewRequest(job, o.Units)
	keys := mine.Keys
	if mine.Resource != "" {
		keys = append(keys, mine.Resource)
	}
	holders := map[admission.Key][]string{}
	err = o.EachHolder(ctx, func(other catalog.Job) {
		r := producer.NewRequest(other, o.Units)
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
			slots = SlotsOf(CapOf(o.DefaultCaps, set, nil, string(key)).Concurrency)
		}
		if held := holders[key]; slots != NoLimit && len(held) >= slots {
			e.FullKeys = append(e.FullKeys, admission.KeyUsage{Key: key, Cap: slots, Held: len(held)})
			e.HeldBy = append(e.HeldBy, held[:min(len(held), shownHolders)]...)
		}
	}
	slices.Sort(e.HeldBy)
	e.HeldBy = slices.Compact(e.HeldBy)
	e.HeldBy = e.HeldBy[:min(len(e.HeldBy), shownHolders)]
	e.Ahead, err = o.aheadInCatalog(ctx, job, mine)
	return e, err
}

// aheadInCatalog counts the jobs of the same line that go first, at most maxAlike.
func (o *Office) aheadInCatalog(ctx context.Context, job catalog.Job, mine admission.Request) (int, error) {
	f := filterAlike(job)
	f.States = []catalog.State{catalog.Created}
	jobs, err := o.Store.ListJobs(ctx, f)
	ahead := 0
	for _, other := range jobs {
		r := producer.NewRequest(other, o.Units)
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

// slotHolders says what the holders are doing, longest first. One the catalog does not know
// yet is only a name.
func slotHolders(ids []string, jobs map[string]catalog.Job) []SlotHolder {
	var list []SlotHolder
	for _, id := range ids {
		job := jobs[id]
		list = append(list, SlotHolder{JobID: id, Type: string(job.Type), State: string(job.State), Resource: job.ResourceARN, Since: job.StartedAt})
	}
	slices.SortStableFunc(list, func(a, b SlotHolder) int { return a.Since.Compare(b.Since) })
	return list
}
