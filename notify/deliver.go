package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/clock"
)

// Limits on what one target costs a process.
const (
	sendTimeout = 15 * time.Second // of one attempt
	// PerTarget is how many messages a process sends to one target at a time. A target that
	// hangs takes these places and no others.
	PerTarget = 2
)

// Attempt says which attempt of how many is made.
type Attempt struct {
	Round int
	Last  bool // no other follows in this round
}

// Deliverer sends messages that were collected.
type Deliverer struct {
	store        catalog.Notifications
	targets      map[string]Target
	templates    Templates
	installation string
	clock        clock.Clock
	log          zerolog.Logger
	places       map[string]chan struct{} // of each target
}

// NewDeliverer returns a deliverer for targets, by name, with the text of each.
func NewDeliverer(store catalog.Notifications, targets map[string]Target, templates Templates, installation string, c clock.Clock, log zerolog.Logger) *Deliverer {
	places := map[string]chan struct{}{}
	for name := range targets {
		places[name] = make(chan struct{}, PerTarget)
	}
	return &Deliverer{store: store, targets: targets, templates: templates, installation: installation, clock: c, log: log, places: places}
}

// take returns how to give back a place of the target called name; ok is false when all
// are taken. A target that is not configured has no places and needs none.
func (d *Deliverer) take(name string) (giveBack func(), ok bool) {
	places, known := d.places[name]
	if !known {
		return func() {}, true
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, true
	default:
		return nil, false
	}
}

// ErrGivenUp is returned by Deliver when no other attempt is to be made.
var ErrGivenUp = errors.New("notification given up")

// ErrBusy is returned by Deliver when enough is being sent to the target already: nothing
// was tried, and the message is to come again soon.
var ErrBusy = errors.New("enough is being sent to the target of the notification already")

// Deliver sends the message id unless its round is over, and records what came of it. A
// message whose target took it but whose record failed is sent again: at least once.
func (d *Deliverer) Deliver(ctx context.Context, id string, a Attempt) error {
	n, err := d.store.Notification(ctx, id)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // pruned
	}
	if err != nil {
		return err
	}
	if n.State != catalog.NotificationSending || n.Round != a.Round {
		return nil
	}
	giveBack, ok := d.take(n.Target)
	if !ok {
		return ErrBusy
	}
	defer giveBack()
	sendErr := d.send(ctx, n)
	n.Attempts++
	n.ChangedAt, n.Error, n.State = d.clock.Now(), "", catalog.NotificationDelivered
	if sendErr != nil {
		n.State, n.Error = catalog.NotificationSending, sendErr.Error()
		if a.Last || final(sendErr) {
			n.State = catalog.NotificationDead
			d.log.Error().Err(sendErr).Str("notification", n.ID).Str("target", n.Target).Int("events", n.Events).
				Msg("a notification is given up: `holdfast notify failed` lists it, `holdfast notify retry` tries it again")
			sendErr = fmt.Errorf("%w: %w", ErrGivenUp, sendErr)
		}
	}
	if err := d.store.SetNotification(ctx, n, catalog.NotificationSending); err != nil {
		return errors.Join(sendErr, ignoreConflict(err))
	}
	return sendErr
}

func (d *Deliverer) send(ctx context.Context, n catalog.Notification) error {
	body, err := decodeBody(n.Body)
	if err != nil {
		return err
	}
	return d.Send(ctx, n.Target, Message{ID: n.ID, Group: n.Group, Body: body})
}

// Send sends m to the target called name, filling in what every message has.
func (d *Deliverer) Send(ctx context.Context, name string, m Message) error {
	target, ok := d.targets[name]
	if !ok {
		return failure.Errorf(failure.NotFound, "there is no target %q in the configuration any more", name)
	}
	m.Version, m.Installation, m.Target, m.SentAt = messageVersion, d.installation, name, d.clock.Now()
	m.Title = titleOf(m.Body)
	if t := d.templates[name]; t != nil {
		text, err := fill(t, m)
		if err != nil {
			return failure.Errorf(failure.Invalid, "fill in the template of target %s: %w", name, err)
		}
		m.Text = text
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := target.Send(ctx, m); err != nil {
		return fmt.Errorf("send to target %s: %w", name, err)
	}
	return nil
}

// Trial returns the message `holdfast notify test` sends: it says that it is one.
func Trial(now time.Time) Message {
	m := Samples()[0]
	e := m.Events[0]
	e.At, e.Message = now, "this is a test message of `holdfast notify test`: nothing has failed"
	m.Body = Body{}
	m.add("", e)
	job := catalog.Job{
		ID: e.JobID, Type: e.Operation, State: catalog.State(e.State), Kind: e.Kind, Partition: "aws", Account: e.Account, Region: e.Region,
		ResourceARN: e.Resource, Plan: e.Plan, Rule: e.Rule, CreatedAt: now, EndedAt: now, Message: e.Message, Class: e.Class,
	}
	job.Spec.Vault = "test"
	m.Events[0].Job = &job
	m.Metrics = []Sample{{Metric: "NumberOfBackupJobsFailed", ResourceType: e.Kind.AWSBackupType(), Vault: "test", Minute: now.Truncate(time.Minute), Count: 1}}
	m.ID = catalog.JobID("test", now.Format(time.RFC3339Nano))
	return m
}
