package awssession

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"holdfast/admission/budget"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/clock"
	"holdfast/resource"
)

// How long a call waits for its turn with a worker in hand.
const (
	// startPatience is for calls of a job, which can be told to come back.
	startPatience = 2 * time.Second
	// otherPatience is for looks and listings, which nobody brings back in time.
	otherPatience = 10 * time.Second
	// minPatience is the least of both on the machine's clock: shorter waits cost less
	// than coming back, however fast the clock runs.
	minPatience = 100 * time.Millisecond
	// maxAsks bounds how often one attempt asks, and patientAsks one that has patience of
	// its own.
	maxAsks     = 4
	patientAsks = 100
	// feedbackTimeout bounds telling the limiter of a throttle.
	feedbackTimeout = 2 * time.Second
	// selfAccount is the account of the process's own credentials.
	selfAccount = "self"
)

// Pace is what became of one attempt that asked for its turn.
type Pace struct {
	Bucket string
	Waited time.Duration // on the machine's clock
	PutOff bool          // it was told to come back later, and not made
}

// PacerOptions configures NewPacer.
type PacerOptions struct {
	Limiter  budget.Limiter
	Settings budget.Settings
	// Clock is what waits are slept and told on; Speed is how many times faster than the
	// machine's it runs, 1 when 0.
	Clock clock.Clock
	Speed float64
	// Observe, if set, is told of every attempt. It must not block.
	Observe func(Pace)
}

// Pacer makes AWS calls ask a budget before every attempt. Short waits are slept; longer
// ones end the call, without another attempt, with a *budget.Refusal of class throttled
// that says when to come back. When AWS throttles all the same, the budget is told.
type Pacer struct {
	options PacerOptions
	machine clock.Clock
}

// NewPacer returns a pacer. It panics when the settings do not validate.
func NewPacer(options PacerOptions) *Pacer {
	if err := options.Settings.Validate(); err != nil {
		panic(err)
	}
	options.Speed = cmp.Or(options.Speed, 1)
	if options.Observe == nil {
		options.Observe = func(Pace) {}
	}
	return &Pacer{options: options, machine: clock.System()}
}

// Provider returns sessions whose calls are paced by p. A nil Pacer changes nothing.
func (p *Pacer) Provider(sessions Provider) Provider {
	if p == nil || sessions == nil {
		return sessions
	}
	return paced{p, sessions}
}

type paced struct {
	pacer    *Pacer
	sessions Provider
}

// Config returns the configuration of the sessions within, paced.
func (s paced) Config(ctx context.Context, req Request) (aws.Config, error) {
	cfg, err := s.sessions.Config(ctx, req)
	if err == nil {
		cfg.APIOptions = append(slices.Clip(cfg.APIOptions), s.pacer.attach(req))
	}
	return cfg, err
}

// attach returns the API option that paces the calls made with the configuration of req.
// It belongs right below the SDK's retries, so that every attempt asks and none is signed
// before its wait.
func (p *Pacer) attach(req Request) func(*middleware.Stack) error {
	pace := middleware.FinalizeMiddlewareFunc("holdfast:pace", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
		name, terms := p.options.Settings.Terms(serviceOf(ctx), awsmiddleware.GetOperationName(ctx))
		key := budget.Key{Account: cmp.Or(req.Scope.Account, selfAccount), Region: req.Scope.Region, Bucket: name}
		terms = terms.Faster(p.options.Speed)
		if err := p.await(ctx, key, terms, req.Purpose); err != nil {
			return out, metadata, err
		}
		out, metadata, err = next.HandleFinalize(ctx, in)
		if throttledItself(err) {
			p.feedBack(ctx, key, terms)
		}
		return out, metadata, err
	})
	return func(stack *middleware.Stack) error {
		if _, sends := stack.Finalize.Get("Retry"); !sends {
			return nil
		}
		return stack.Finalize.Insert(pace, "Retry", middleware.After)
	}
}

// throttledItself tells whether AWS throttled the call, and not the AssumeRole it needed
// first, which has a budget of its own.
func throttledItself(err error) bool {
	_, other := errors.AsType[final](err)
	return err != nil && !other && awserr.Classify(err) == failure.Throttled
}

// await returns when the call may be made, or why it may not be made now.
func (p *Pacer) await(ctx context.Context, key budget.Key, terms budget.Terms, purpose resource.Purpose) error {
	began := p.machine.Now()
	ask, asks := p.ask(ctx, purpose), maxAsks
	if patience(ctx) > 0 {
		asks = patientAsks
	}
	putOff := func(err error) error {
		p.options.Observe(Pace{Bucket: key.Bucket, Waited: p.machine.Now().Sub(began), PutOff: true})
		return err
	}
	for asked := 1; ; asked++ {
		answer, err := p.options.Limiter.Reserve(ctx, key, terms, ask)
		if err != nil {
			return putOff(failure.Errorf(failure.Throttled, "ask the API budget %s: %w", key, err))
		}
		if !answer.Granted && (answer.Wait > ask.Patience || asked == asks) {
			return putOff(budget.Refuse(key, p.stretch(answer.Wait), p.options.Clock.Now()))
		}
		if err := p.options.Clock.Sleep(ctx, p.stretch(answer.Wait)); err != nil {
			return putOff(failure.Errorf(failure.Throttled, "wait for the API budget %s: %w", key, err))
		}
		if answer.Granted {
			p.options.Observe(Pace{Bucket: key.Bucket, Waited: p.machine.Now().Sub(began)})
			return nil
		}
		ask.Patience, ask.Returning = ask.Patience-answer.Wait, true
	}
}

// ask says who asks and how long they would wait: not longer than half of what is left of
// the context, so that the call itself has time.
func (p *Pacer) ask(ctx context.Context, purpose resource.Purpose) budget.Ask {
	start := JobFrom(ctx) != ""
	patient := otherPatience
	if start {
		patient = startPatience
	}
	patient = max(minPatience, time.Duration(float64(max(patient, patience(ctx)))/p.options.Speed))
	if deadline, ok := ctx.Deadline(); ok {
		patient = min(patient, deadline.Sub(p.machine.Now())/2)
	}
	return budget.Ask{
		Restore: purpose == resource.ForRestore, Returning: !start || returning(ctx), Patience: max(patient, 0),
	}
}

// feedBack tells the limiter of a throttle, also when the caller has just given up. A
// limiter that does not answer learns of the next one.
func (p *Pacer) feedBack(ctx context.Context, key budget.Key, terms budget.Terms) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), feedbackTimeout)
	defer cancel()
	_ = p.options.Limiter.Throttled(ctx, key, terms)
}

// stretch turns the limiter's time into the clock's.
func (p *Pacer) stretch(d time.Duration) time.Duration {
	return time.Duration(float64(d) * p.options.Speed)
}
