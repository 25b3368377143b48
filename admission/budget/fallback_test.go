package budget_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/admission/budget"
	"holdfast/internal/clock"
)

var (
	aKey  = budget.Key{Account: "111122223333", Region: "eu-west-1", Bucket: "ec2:CreateSnapshot"}
	usual = budget.Terms{Rate: 5, Burst: 100, Share: 0.2, Horizon: time.Minute, Cooldown: 2 * time.Second, Recovery: 0.005}
)

// shared is a limiter that answers or not.
type shared struct {
	err          error
	asked, lower int
}

func (s *shared) Reserve(context.Context, budget.Key, budget.Terms, budget.Ask) (budget.Answer, error) {
	s.asked++
	return budget.Answer{Granted: true, Wait: time.Minute}, s.err
}

func (s *shared) Throttled(context.Context, budget.Key, budget.Terms) error {
	s.lower++
	return s.err
}

func TestWhileTheSharedLimiterIsLostTheLocalOneHolds(t *testing.T) {
	t.Parallel()
	ctx, now := context.Background(), clock.NewManual(time.Unix(1_700_000_000, 0))
	remote, lost := &shared{}, 0
	l := budget.NewFallback(remote, budget.NewLocal(now, 0.1), now, func(error) { lost++ })
	if answer, err := l.Reserve(ctx, aKey, usual, budget.Ask{}); err != nil || answer.Wait != time.Minute {
		t.Fatalf("with Redis: %+v, %v", answer, err)
	}
	remote.err = errors.New("redis is gone")
	granted := 0
	for range 100 {
		answer, err := l.Reserve(ctx, aKey, usual, budget.Ask{})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Granted {
			granted++
		}
	}
	if granted != 8 { // a tenth of the burst, less what is kept for restores
		t.Errorf("without Redis %d calls went at once", granted)
	}
	if remote.asked != 2 || lost != 1 {
		t.Errorf("a dead Redis was asked %d times and reported %d times", remote.asked-1, lost)
	}
	now.Advance(time.Second)
	remote.err = nil
	if answer, err := l.Reserve(ctx, aKey, usual, budget.Ask{}); err != nil || answer.Wait != time.Minute {
		t.Errorf("when Redis is back: %+v, %v", answer, err)
	}
	if err := l.Throttled(ctx, aKey, usual); err != nil || remote.lower != 1 {
		t.Errorf("throttle: %v, the shared limiter heard of %d", err, remote.lower)
	}
}

func TestACallerWhoGaveUpLosesNoRedis(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	now := clock.NewManual(time.Unix(1_700_000_000, 0))
	l := budget.NewFallback(&shared{err: context.Canceled}, budget.NewLocal(now, 0.1), now, func(error) { t.Error("reported as lost") })
	if _, err := l.Reserve(ctx, aKey, usual, budget.Ask{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestALocalLimiterPutsOffAndIsLowered(t *testing.T) {
	t.Parallel()
	ctx, now := context.Background(), clock.NewManual(time.Unix(1_700_000_000, 0))
	l := budget.NewLocal(now, 1)
	if err := l.Throttled(ctx, aKey, usual); err != nil {
		t.Fatal(err)
	}
	answer, err := l.Reserve(ctx, aKey, usual, budget.Ask{})
	// 21 tokens at three quarters of five a second.
	if err != nil || answer.Granted || answer.Wait.Round(time.Millisecond) != 5600*time.Millisecond {
		t.Errorf("after a throttle: %+v, %v", answer, err)
	}
}
