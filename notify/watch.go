package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/tasks"
)

// cursorName names the cursor of notifications in the catalog.
const cursorName = "notify"

// Limits of one pass.
const (
	scanPage     = 1000
	scanPages    = 20
	maxOpen      = 200 // groups a target collects at once; what is beyond goes into one
	flushPage    = 500
	maxAge       = 24 * time.Hour  // what is older when it is read is history, not news
	batchWait    = 5 * time.Second // for machines, which read every event
	overflowName = "everything else"
	// askAgain is how old a message in the queue is when the queue is asked about it: an
	// emptied Redis has forgotten it.
	askAgain = time.Minute
)

// Store is the part of the catalog notifications use.
type Store interface {
	catalog.Notifications
	Events(ctx context.Context, f catalog.EventFilter) ([]catalog.Event, error)
	JobsByID(ctx context.Context, ids []string) (map[string]catalog.Job, error)
	Resource(ctx context.Context, arn string) (catalog.InventoryItem, error)
}

// Queue takes delivery tasks; package producer implements it.
type Queue interface {
	// PutMessage enqueues t unless it is there already, and reports whether it is there as
	// one that has used up its attempts.
	PutMessage(ctx context.Context, t tasks.Envelope) (dead bool, err error)
}

// Watcher reads the history and hands messages to the queue. Any number may run; the
// cursor lets one at a time come forward.
type Watcher struct {
	store  Store
	queue  Queue
	router *Router
	units  func(account string) []string
	clock  clock.Clock
	log    zerolog.Logger
	opts   config.Notifications
}

// NewWatcher returns a watcher for the targets and routes of n. units, which may be nil,
// tells in which organizational units an account is.
func NewWatcher(store Store, queue Queue, n config.Notifications, units func(string) []string, c clock.Clock, log zerolog.Logger) *Watcher {
	return &Watcher{store: store, queue: queue, router: NewRouter(n), units: units, clock: c, log: log, opts: n}
}

// Run does one pass: it reads what is new and hands over what is due.
func (w *Watcher) Run(ctx context.Context) error {
	if err := w.scan(ctx); err != nil && !errors.Is(err, catalog.ErrConflict) {
		return err // a conflict is another process' pass
	}
	return w.flush(ctx)
}

// scan reads the history from the cursor, a page at a time.
func (w *Watcher) scan(ctx context.Context) error {
	at, err := w.store.Cursor(ctx, cursorName)
	if err != nil {
		return err
	}
	for range scanPages {
		page, err := w.store.Events(ctx, catalog.EventFilter{After: at, Limit: scanPage})
		if err != nil || len(page) == 0 {
			return err
		}
		events, err := w.load(ctx, page)
		if err != nil {
			return err
		}
		changed, err := w.collect(ctx, events)
		if err != nil {
			return err
		}
		next := page[len(page)-1].Seq
		if err := w.store.Advance(ctx, cursorName, at, next, changed); err != nil {
			return err
		}
		if at = next; len(page) < scanPage {
			return nil
		}
	}
	return nil
}

// load turns those of a page that somebody may want into events.
func (w *Watcher) load(ctx context.Context, page []catalog.Event) ([]Event, error) {
	var wanted []catalog.Event
	var ids []string
	oldest := w.clock.Now().Add(-maxAge)
	for _, e := range page {
		if e.At.Before(oldest) || !w.router.Wants(e) {
			continue
		}
		wanted = append(wanted, e)
		if e.JobID != "" {
			ids = append(ids, e.JobID)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	jobs, err := w.store.JobsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, e := range wanted {
		var job *catalog.Job
		if found, ok := jobs[e.JobID]; ok {
			job = &found
		}
		if event, ok := eventOf(e, job, w.units); ok {
			events = append(events, event)
		}
	}
	return events, w.addTags(ctx, events)
}

// addTags looks up the tags of the resources when a route asks for them. One that is gone
// has none.
func (w *Watcher) addTags(ctx context.Context, events []Event) error {
	if !w.router.NeedsTags() {
		return nil
	}
	known := map[string]map[string]string{}
	for i := range events {
		arn := events[i].Resource
		if arn == "" {
			continue
		}
		if _, ok := known[arn]; !ok {
			item, err := w.store.Resource(ctx, arn)
			if err != nil && !errors.Is(err, catalog.ErrNotFound) {
				return err
			}
			known[arn] = item.Tags
		}
		events[i].Tags = known[arn]
	}
	return nil
}

// collecting is a notification that is being added to.
type collecting struct {
	catalog.Notification
	body    Body
	changed bool
}

// collect adds events to the messages they belong to and returns those that changed.
func (w *Watcher) collect(ctx context.Context, events []Event) ([]catalog.Notification, error) {
	if len(events) == 0 {
		return nil, nil
	}
	open, err := w.open(ctx)
	if err != nil {
		return nil, err
	}
	var done []catalog.Notification
	for _, e := range events {
		for _, d := range w.router.deliveries(e) {
			c, err := w.group(ctx, open, d, e)
			if err != nil {
				return nil, err
			}
			c.body.add(d.target.Type, e)
			c.Events, c.ChangedAt, c.changed = c.body.Count, w.clock.Now(), true
			if c.body.full(d.target.Type) {
				c.DueAt = c.ChangedAt
				done = append(done, c.stored())
				delete(open[d.target.Name], c.Group)
			}
		}
	}
	for _, groups := range open {
		for _, c := range groups {
			if c.changed {
				done = append(done, c.stored())
			}
		}
	}
	slices.SortFunc(done, func(a, b catalog.Notification) int { return strings.Compare(a.ID, b.ID) })
	return done, nil
}

func (c *collecting) stored() catalog.Notification {
	c.Body = c.body.encode()
	return c.Notification
}

// open returns the notifications that collect, by target and group.
func (w *Watcher) open(ctx context.Context) (map[string]map[string]*collecting, error) {
	open := map[string]map[string]*collecting{}
	for _, t := range w.opts.Targets {
		open[t.Name] = map[string]*collecting{}
		list, err := w.store.Notifications(ctx, catalog.NotificationFilter{
			States: []catalog.NotificationState{catalog.NotificationOpen}, Target: t.Name, Limit: scanPage,
		})
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			body, err := decodeBody(n.Body)
			if err != nil {
				return nil, err
			}
			if n.Round == 0 && !body.full(t.Type) { // a later round is a message that is tried again
				open[t.Name][n.Group] = &collecting{Notification: n, body: body}
			}
		}
	}
	return open, nil
}

// group returns the notification that collects the events of d's group, a new one if need
// be. When a target has too many groups already the event joins all others that are left.
func (w *Watcher) group(ctx context.Context, open map[string]map[string]*collecting, d delivery, e Event) (*collecting, error) {
	groups := open[d.target.Name]
	if c, ok := groups[d.group]; ok {
		return c, nil
	}
	if len(groups) >= maxOpen {
		d.group = overflowName
		if c, ok := groups[d.group]; ok {
			return c, nil
		}
	}
	now := w.clock.Now()
	due, err := w.due(ctx, d, now)
	if err != nil {
		return nil, err
	}
	c := &collecting{Notification: catalog.Notification{
		ID:     catalog.JobID("notification", d.target.Name, d.group, strconv.FormatInt(e.Seq, 10)),
		Target: d.target.Name, Group: d.group, State: catalog.NotificationOpen, OpenedAt: now, DueAt: due, ChangedAt: now,
	}}
	groups[d.group] = c
	return c, nil
}

// due returns when a new message of a group is to be sent.
func (w *Watcher) due(ctx context.Context, d delivery, now time.Time) (time.Time, error) {
	if d.target.Type == config.TargetEventBridge {
		return now.Add(batchWait), nil
	}
	due := now.Add(w.opts.GroupWait)
	if d.target.Type == config.TargetCloudWatch {
		return due, nil
	}
	last, err := w.store.LastSent(ctx, d.target.Name, d.group)
	if after := last.Add(w.opts.GroupInterval); !last.IsZero() && after.After(due) {
		due = after
	}
	return due, err
}

// flush hands what is due to the queue, and asks about what has been there for long.
func (w *Watcher) flush(ctx context.Context) error {
	now := w.clock.Now()
	due, err := w.store.Notifications(ctx, catalog.NotificationFilter{
		States: []catalog.NotificationState{catalog.NotificationOpen}, DueBefore: now, Limit: flushPage,
	})
	if err != nil {
		return err
	}
	for _, n := range due {
		n.State, n.Round, n.Attempts, n.ChangedAt = catalog.NotificationSending, n.Round+1, 0, now
		err := w.store.SetNotification(ctx, n, catalog.NotificationOpen)
		if errors.Is(err, catalog.ErrConflict) {
			continue // another process was faster
		}
		if err != nil {
			return err
		}
		if err := w.enqueue(ctx, n); err != nil {
			return err
		}
	}
	return w.chase(ctx, now)
}

func (w *Watcher) chase(ctx context.Context, now time.Time) error {
	sending, err := w.store.Notifications(ctx, catalog.NotificationFilter{
		States: []catalog.NotificationState{catalog.NotificationSending}, Limit: flushPage,
	})
	if err != nil {
		return err
	}
	for _, n := range sending {
		if now.Sub(n.ChangedAt) < askAgain {
			continue
		}
		if err := w.enqueue(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// enqueue makes the task of n. One that died with its worker takes the message with it.
func (w *Watcher) enqueue(ctx context.Context, n catalog.Notification) error {
	dead, err := w.queue.PutMessage(ctx, tasks.NewNotify(n.ID, n.Round))
	if err != nil || !dead {
		return err
	}
	n.State, n.ChangedAt = catalog.NotificationDead, w.clock.Now()
	if n.Error == "" {
		n.Error = "the last worker that tried it was killed"
	}
	w.log.Error().Str("notification", n.ID).Str("target", n.Target).Msg("a notification is given up: `holdfast notify failed` lists it")
	return ignoreConflict(w.store.SetNotification(ctx, n, catalog.NotificationSending))
}

func ignoreConflict(err error) error {
	if errors.Is(err, catalog.ErrConflict) {
		return nil
	}
	return err
}

// Retry gives the messages ids another round of attempts; with none, every one that was
// given up. It returns how many there were.
func Retry(ctx context.Context, store catalog.Notifications, now time.Time, ids ...string) (int, error) {
	var list []catalog.Notification
	for _, id := range ids {
		n, err := store.Notification(ctx, id)
		if err != nil {
			return 0, err
		}
		if n.State != catalog.NotificationDead {
			return 0, failure.Errorf(failure.Invalid, "notification %s is %s: only one that was given up can be tried again", id, n.State)
		}
		list = append(list, n)
	}
	if len(ids) == 0 {
		var err error
		list, err = store.Notifications(ctx, catalog.NotificationFilter{States: []catalog.NotificationState{catalog.NotificationDead}, Limit: scanPage})
		if err != nil {
			return 0, err
		}
	}
	for i, n := range list {
		n.State, n.ChangedAt = catalog.NotificationOpen, now
		if err := store.SetNotification(ctx, n, catalog.NotificationDead); err != nil {
			return i, fmt.Errorf("try notification %s again: %w", n.ID, err)
		}
	}
	return len(list), nil
}
