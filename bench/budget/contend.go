package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/middleware"
	"github.com/redis/go-redis/v9"

	"holdfast/admission/budget"
	"holdfast/admission/redisbudget"
	"holdfast/config"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// The contenders.
const (
	sdkStandard = "sdk_standard"
	sdkAdaptive = "sdk_adaptive"
	holdfast    = "holdfast"
)

func contenders() []string { return []string{sdkStandard, sdkAdaptive, holdfast} }

// The documented bucket of CreateSnapshot, refilled ten times as fast.
const (
	bucketName  = "ec2:CreateSnapshot"
	bucketBurst = 100
	speedUp     = 10
	bucketRate  = 5 * speedUp // calls a second on the machine's clock
)

// afterGivingUp is how long a caller waits when the SDK gave a call up as throttled.
const afterGivingUp = time.Second

// tally is what one process counted.
type tally struct {
	Accepted  []time.Time `json:"accepted"` // when each call was
	Attempts  int         `json:"attempts"` // calls sent, those AWS refused too
	Throttled int         `json:"throttled"`
	PutOff    int         `json:"put_off"` // calls Holdfast told to come back
}

// caller is one process among the measured ones.
type caller struct {
	contender string
	queue     string // list of the volumes that are left, in Redis
	redis     *redis.Client
	client    *ec2.Client
	clock     clock.Clock

	mu    sync.Mutex
	tally tally
}

// contend is a measured process: it says that it is ready, waits for a line of input,
// makes calls until none is left, and prints its tally.
func contend(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	c := &caller{clock: clock.System()}
	var url, address, account, region string
	var callers int
	flags := flag.NewFlagSet(child, flag.ContinueOnError)
	flags.StringVar(&c.contender, "contender", "", "")
	flags.StringVar(&c.queue, "queue", "", "")
	flags.StringVar(&url, "url", "", "")
	flags.StringVar(&address, "redis", "", "")
	flags.StringVar(&account, "account", "", "")
	flags.StringVar(&region, "region", "", "")
	flags.IntVar(&callers, "callers", 1, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c.redis = redis.NewClient(&redis.Options{Addr: address, PoolSize: callers})
	defer func() { _ = c.redis.Close() }()
	request := awssession.Request{Scope: resource.Scope{Partition: "aws", Account: account, Region: region}, Purpose: resource.ForBackup}
	if err := c.connect(ctx, sim.Dial(url), request); err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	if _, err := bufio.NewReader(in).ReadString('\n'); err != nil {
		return fmt.Errorf("wait for the start: %w", err)
	}
	if err := c.work(ctx, callers); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(c.tally)
}

// connect makes the client as the contender would.
func (c *caller) connect(ctx context.Context, sessions awssession.Provider, request awssession.Request) error {
	if c.contender == holdfast {
		settings := config.Default().Budgets.Settings()
		settings.Overrides = map[string]budget.Limit{bucketName: {Rate: bucketRate, Burst: bucketBurst}}
		shared := redisbudget.New(c.redis, redisbudget.Options{Installation: c.queue})
		sessions = awssession.NewPacer(awssession.PacerOptions{Limiter: shared, Settings: settings, Clock: c.clock}).Provider(sessions)
	}
	cfg, err := sessions.Config(ctx, request)
	if err != nil {
		return err
	}
	c.client = ec2.NewFromConfig(cfg, func(o *ec2.Options) {
		if c.contender == sdkAdaptive {
			o.Retryer = retry.NewAdaptiveMode()
		}
		o.APIOptions = append(o.APIOptions, c.count)
	})
	return nil
}

// count is the API option that counts attempts.
func (c *caller) count(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("bench:count", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleFinalize(ctx, in)
		c.note(err)
		return out, metadata, err
	}), "Retry", middleware.After)
}

func (c *caller) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, putOff := errors.AsType[*budget.Refusal](err); putOff {
		c.tally.PutOff++
		return
	}
	c.tally.Attempts++
	switch {
	case err == nil:
		c.tally.Accepted = append(c.tally.Accepted, c.clock.Now())
	case awserr.Classify(err) == failure.Throttled:
		c.tally.Throttled++
	}
}

// work makes calls with so many callers until no volume is left.
func (c *caller) work(ctx context.Context, callers int) error {
	errs := make([]error, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() { errs[i] = c.drain(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func (c *caller) drain(ctx context.Context) error {
	for {
		volume, err := c.redis.LPop(ctx, c.queue).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err == nil {
			err = c.snapshot(ctx, volume)
		}
		if err != nil {
			return err
		}
	}
}

// snapshot calls until AWS accepts: a caller that was put off comes back when told to, as
// a start task does, and one the SDK gave up for tries again after a second.
func (c *caller) snapshot(ctx context.Context, volume string) error {
	ctx = awssession.WithJob(ctx, volume)
	for {
		_, err := c.client.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: aws.String(volume)})
		if err == nil {
			return nil
		}
		wait := afterGivingUp
		if refusal, ok := errors.AsType[*budget.Refusal](err); ok {
			wait, ctx = refusal.Wait, awssession.WithReturn(ctx)
		} else if awserr.Classify(err) != failure.Throttled && !gaveUp(err) {
			return err
		}
		if err := c.clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// gaveUp reports whether the SDK stopped by itself: out of attempts or of retry tokens.
func gaveUp(err error) bool {
	_, ok := errors.AsType[*retry.MaxAttemptsError](err)
	return ok
}
