package awssession

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"holdfast/admission/budget"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// scripted is a limiter that answers as told, and then grants.
type scripted struct {
	mu      sync.Mutex
	answers []budget.Answer
	err     error
	asks    []budget.Ask
	keys    []string
	terms   []budget.Terms
	lowered int
}

func (s *scripted) Reserve(_ context.Context, key budget.Key, terms budget.Terms, ask budget.Ask) (budget.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asks, s.keys, s.terms = append(s.asks, ask), append(s.keys, key.String()), append(s.terms, terms)
	if len(s.answers) == 0 {
		return budget.Answer{Granted: true}, s.err
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	return answer, s.err
}

func (s *scripted) Throttled(context.Context, budget.Key, budget.Terms) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lowered++
	return nil
}

// sleepy is a clock whose sleeps take no time and are noted.
type sleepy struct {
	*clock.Manual
	slept time.Duration
}

func (s *sleepy) Sleep(ctx context.Context, d time.Duration) error {
	s.slept += d
	return ctx.Err()
}

var noon = time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)

// pacedCall makes one paced call for purpose and returns its error.
func pacedCall(ctx context.Context, t *testing.T, fake *fakeSTS, l budget.Limiter, c clock.Clock, purpose resource.Purpose, observe func(Pace)) error {
	t.Helper()
	p := newTestProvider(t, fake, func(o *Options) { o.RoleTemplate = "" })
	pacer := NewPacer(PacerOptions{Limiter: l, Settings: budget.Settings{Scale: 1, Share: 0.2}, Clock: c, Observe: observe})
	cfg, err := pacer.Provider(p).Config(context.Background(), request(baseAccount, purpose))
	if err != nil {
		t.Fatal(err)
	}
	_, err = sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	return err
}

func TestShortWaitsAreSleptAndLongOnesEndTheCall(t *testing.T) {
	t.Parallel()
	job := WithJob(context.Background(), "job")
	for name, test := range map[string]struct {
		ctx     context.Context
		answers []budget.Answer
		slept   time.Duration
		putOff  time.Duration // 0: the call is made
		asks    []bool        // whether each ask was a returning one
	}{
		"now":                 {job, nil, 0, 0, []bool{false}},
		"in a moment":         {job, []budget.Answer{{Granted: true, Wait: time.Second}}, time.Second, 0, []bool{false}},
		"later":               {job, []budget.Answer{{Wait: time.Minute}}, 0, time.Minute, []bool{false}},
		"a short line":        {job, []budget.Answer{{Wait: time.Second}, {Granted: true, Wait: time.Second}}, 2 * time.Second, 0, []bool{false, true}},
		"patience runs out":   {job, []budget.Answer{{Wait: time.Second}, {Wait: 1500 * time.Millisecond}}, time.Second, 1500 * time.Millisecond, []bool{false, true}},
		"asked often enough":  {job, []budget.Answer{{}, {}, {}, {}, {}}, 0, -1, []bool{false, true, true, true}},
		"told to come back":   {WithReturn(job), nil, 0, 0, []bool{true}},
		"a look waits longer": {context.Background(), []budget.Answer{{Wait: 9 * time.Second}}, 9 * time.Second, 0, []bool{true, true}},
		"a command waits as long as it takes": {
			WithPatience(context.Background(), 2*time.Minute),
			[]budget.Answer{{Wait: time.Minute}, {Wait: 5 * time.Second}, {Wait: 5 * time.Second}, {Wait: 5 * time.Second}, {Granted: true, Wait: 9 * time.Second}},
			84 * time.Second, 0, []bool{true, true, true, true, true},
		},
		"but not for ever":       {WithPatience(context.Background(), 2*time.Minute), []budget.Answer{{Wait: time.Minute}, {Wait: 61 * time.Second}}, time.Minute, 61 * time.Second, []bool{true, true}},
		"a look is put off, too": {context.Background(), []budget.Answer{{Wait: 11 * time.Second}}, 0, 11 * time.Second, []bool{true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, l, c := &fakeSTS{}, &scripted{answers: test.answers}, &sleepy{Manual: clock.NewManual(noon)}
			var paces []Pace
			err := pacedCall(test.ctx, t, fake, l, c, resource.ForBackup, func(p Pace) { paces = append(paces, p) })
			var returning []bool
			for _, ask := range l.asks {
				returning = append(returning, ask.Returning)
			}
			if diff := cmp.Diff(test.asks, returning); diff != "" {
				t.Errorf("asks: %s", diff)
			}
			if c.slept != test.slept {
				t.Errorf("slept %s, want %s", c.slept, test.slept)
			}
			if len(paces) != 1 || paces[0].Bucket != "sts:all" || paces[0].PutOff != (test.putOff != 0) {
				t.Errorf("observed %+v", paces)
			}
			if test.putOff == 0 {
				if err != nil {
					t.Errorf("call: %v", err)
				}
				return
			}
			refusal, ok := errors.AsType[*budget.Refusal](err)
			if !ok || !failure.Is(err, failure.Throttled) {
				t.Fatalf("error %v is no refusal of class throttled", err)
			}
			if test.putOff > 0 && (refusal.Wait != test.putOff || !refusal.At.Equal(noon.Add(test.putOff))) {
				t.Errorf("put off %s until %s, want %s", refusal.Wait, refusal.At, test.putOff)
			}
			if n := len(fake.agents) - 1; n != 0 { // one call made sure of the account
				t.Errorf("a call that was put off was made %d times", n)
			}
		})
	}
}

func TestEveryAttemptAsksAndThrottlesAreToldToTheBudget(t *testing.T) {
	t.Parallel()
	fake, l, c := &fakeSTS{}, &scripted{}, &sleepy{Manual: clock.NewManual(noon)}
	p := newTestProvider(t, fake, func(o *Options) {
		o.Pacer = NewPacer(PacerOptions{Limiter: l, Settings: budget.Settings{Scale: 1}, Clock: c})
	})
	fake.deny = "Throttling"
	_, err := p.Config(context.Background(), request("111122223333", resource.ForBackup))
	if !failure.Is(err, failure.Throttled) {
		t.Fatalf("error %v, want class throttled", err)
	}
	// The first to ask is the call that needed the role, which was never made.
	if n := len(fake.assumed); n < 2 || len(l.asks) != 1+n || l.lowered != n {
		t.Errorf("%d attempts asked %d times and reported %d throttles", n, len(l.asks)-1, l.lowered)
	}
	if l.keys[0] != "111122223333/eu-central-1/sts:all" || l.keys[1] != "self/eu-central-1/sts:all" {
		t.Errorf("draws from %v, want AssumeRole to draw from the caller's own bucket", l.keys)
	}
}

func TestWhoAsks(t *testing.T) {
	t.Parallel()
	l, c := &scripted{}, &sleepy{Manual: clock.NewManual(noon)}
	ctx, cancel := context.WithTimeout(WithJob(context.Background(), "job"), time.Second)
	defer cancel()
	if err := pacedCall(ctx, t, &fakeSTS{}, l, c, resource.ForRestore, nil); err != nil {
		t.Fatal(err)
	}
	ask := l.asks[0]
	if !ask.Restore || ask.Patience > 500*time.Millisecond || ask.Patience <= 0 {
		t.Errorf("a restore with a second left asks %+v", ask)
	}
	if terms := l.terms[0]; terms.Rate != 600 || terms.Share != 0.2 || l.keys[0] != baseAccount+"/us-east-1/sts:all" {
		t.Errorf("it draws from %s under %+v", l.keys[0], terms)
	}
}

func TestAFastClockWaitsLessOnTheMachine(t *testing.T) {
	t.Parallel()
	l, c := &scripted{answers: []budget.Answer{{Granted: true, Wait: 50 * time.Millisecond}}}, &sleepy{Manual: clock.NewManual(noon)}
	p := NewPacer(PacerOptions{Limiter: l, Settings: budget.Settings{Scale: 1}, Clock: c, Speed: 100})
	key, terms := budget.Key{Bucket: "ec2:CreateSnapshot"}, budget.Terms{Rate: 5, Burst: 100}
	if err := p.await(WithJob(context.Background(), "job"), key, terms.Faster(100), resource.ForBackup); err != nil {
		t.Fatal(err)
	}
	if c.slept != 5*time.Second || l.terms[0].Rate != 500 || l.asks[0].Patience != minPatience {
		t.Errorf("slept %s on the clock, asked %+v under %+v", c.slept, l.asks[0], l.terms[0])
	}
}

func TestNobodyWaitsLongerThanItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(WithJob(context.Background(), "job"))
	cancel()
	l := &scripted{answers: []budget.Answer{{Granted: true, Wait: time.Second}}}
	pacer := NewPacer(PacerOptions{Limiter: l, Settings: budget.Settings{Scale: 1}, Clock: clock.System()})
	err := pacer.await(ctx, budget.Key{Bucket: "b"}, budget.Terms{Rate: 1, Burst: 1}, resource.ForBackup)
	if !errors.Is(err, context.Canceled) || !failure.Is(err, failure.Throttled) || !strings.Contains(err.Error(), "budget") {
		t.Errorf("error %v, want one of class throttled: no call was made", err)
	}
}
