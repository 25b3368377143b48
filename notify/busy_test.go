package notify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/internal/clock"
	"holdfast/notify"
)

// hanging is a target that takes messages and never answers.
type hanging struct{ begun chan bool }

func (h hanging) Send(ctx context.Context, _ notify.Message) error {
	h.begun <- true
	<-ctx.Done()
	return ctx.Err()
}

// stored is the part of the catalog a deliverer needs, with every message being sent.
type stored struct{ notifications }

// notifications is the interface under a name that does not hide one of its methods.
type notifications = catalog.Notifications

func (stored) Notification(_ context.Context, id string) (catalog.Notification, error) {
	return catalog.Notification{ID: id, Target: id[:1], State: catalog.NotificationSending, Round: 1}, nil
}

func (stored) SetNotification(context.Context, catalog.Notification, catalog.NotificationState) error {
	return nil
}

// quick is a target that takes everything.
type quick struct{}

func (quick) Send(context.Context, notify.Message) error { return nil }

// TestATargetThatHangsHasFewPlaces also sends to another target meanwhile.
func TestATargetThatHangsHasFewPlaces(t *testing.T) {
	t.Parallel()
	h := hanging{make(chan bool)}
	d := notify.NewDeliverer(stored{}, map[string]notify.Target{"a": h, "b": quick{}}, nil, "acme", clock.NewManual(night), zerolog.Nop())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range notify.PerTarget {
		go func() { ended <- d.Deliver(ctx, "a1", notify.Attempt{Round: 1}) }()
		<-h.begun
	}
	if err := d.Deliver(t.Context(), "a2", notify.Attempt{Round: 1}); !errors.Is(err, notify.ErrBusy) {
		t.Errorf("a message too many: %v", err)
	}
	if err := d.Deliver(t.Context(), "b1", notify.Attempt{Round: 1}); err != nil {
		t.Errorf("the other target: %v", err)
	}
	cancel()
	for range notify.PerTarget {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("an attempt ended with %v", err)
		}
	}
	again, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	go func() { ended <- d.Deliver(again, "a3", notify.Attempt{Round: 1}) }()
	<-h.begun // its place was given back
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the last attempt ended with %v", err)
	}
}
