package budget_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/admission/budget"
)

const start = int64(1_700_000_000_000_000) // microseconds, like a clock's

// drawTerms draws the terms of a bucket such as AWS has.
func drawTerms(t *rapid.T) budget.Terms {
	return budget.Terms{
		Rate:    rapid.SampledFrom([]float64{0.5, 1, 5, 10, 20, 50, 600, 3000}).Draw(t, "rate"),
		Burst:   rapid.SampledFrom([]float64{1, 1.5, 2, 5, 50, 100, 600}).Draw(t, "burst"),
		Share:   rapid.SampledFrom([]float64{0, 0.01, 0.2, 0.5, 0.9}).Draw(t, "share"),
		Horizon: 2 * time.Minute, Cooldown: 2 * time.Second, Recovery: 0.005,
	}
}

func drawAsk(t *rapid.T) budget.Ask {
	return budget.Ask{
		Restore: rapid.Bool().Draw(t, "restore"), Returning: rapid.Bool().Draw(t, "returning"),
		Patience: rapid.SampledFrom([]time.Duration{0, 100 * time.Millisecond, 2 * time.Second, 10 * time.Second}).Draw(t, "patience"),
	}
}

// drawPause draws how much time passes between two asks: mostly little.
func drawPause(t *rapid.T, terms budget.Terms) int64 {
	most := rapid.SampledFrom([]float64{0, 0.5, 3, 200}).Draw(t, "pause up to tokens")
	return int64(rapid.Float64Range(0, most/terms.Rate*1e6).Draw(t, "pause"))
}

// awsBucket is AWS's side: a bucket that counts the calls when they are made.
type awsBucket struct {
	burst, rate, level float64
	at                 int64
}

// take counts a call at an instant and returns what is left.
func (b *awsBucket) take(at int64) float64 {
	b.level = min(b.burst, b.level+float64(at-b.at)*b.rate/1e6)
	b.at = at
	b.level--
	return b.level
}

func TestCallsNeverExceedTheBucket(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) { neverExceeds(rt, false, 0.02) })
}

// TestCallsNearlyNeverExceedABucketThatRecovers: while the rate of a lowered bucket
// grows, calls that were promised a time at the lower rate meet those let through at the
// higher one.
func TestCallsNearlyNeverExceedABucketThatRecovers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) { neverExceeds(rt, true, 2) })
}

// neverExceeds makes random asks and holds the calls against AWS's bucket, which may be
// overdrawn by slack tokens and, with throttles, by half a second's.
func neverExceeds(rt *rapid.T, throttles bool, slack float64) {
	terms := drawTerms(rt)
	if throttles {
		slack += terms.Rate / 2
	}
	var state budget.State
	now := start
	var runs []int64
	for range rapid.IntRange(1, 400).Draw(rt, "asks") {
		now += drawPause(rt, terms)
		if throttles && rapid.IntRange(0, 50).Draw(rt, "throttled") == 0 {
			state = budget.Lower(state, terms, now)
		}
		ask := drawAsk(rt)
		var answer budget.Answer
		state, answer = budget.Reserve(state, terms, ask, now)
		if answer.Granted {
			runs = append(runs, now+answer.Wait.Microseconds())
		}
		if answer.Wait < 0 || answer.Granted && answer.Wait > ask.Patience+time.Microsecond || answer.Wait > terms.Horizon {
			rt.Fatalf("%+v got %+v", ask, answer)
		}
	}
	slices.Sort(runs)
	bucket := awsBucket{burst: terms.Burst, rate: terms.Rate, level: terms.Burst, at: start}
	for i, at := range runs {
		if left := bucket.take(at); left < -slack {
			rt.Fatalf("call %d of %d, %d µs after the start, overdraws AWS' bucket by %f", i, len(runs), at-start, -left)
		}
	}
}

func TestGrantsAreInTheOrderOfAsking(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		terms := drawTerms(rt)
		var state budget.State
		now, last := start, int64(0)
		for range rapid.IntRange(1, 300).Draw(rt, "asks") {
			now += drawPause(rt, terms)
			ask := drawAsk(rt)
			ask.Restore = false
			var answer budget.Answer
			state, answer = budget.Reserve(state, terms, ask, now)
			if run := now + answer.Wait.Microseconds(); answer.Granted {
				if run < last-1 {
					rt.Fatalf("a call goes %d µs before one that asked earlier", last-run)
				}
				last = run
			}
		}
	})
}

func TestPlacesInLineAreHandedOutInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		terms := drawTerms(rt)
		var state budget.State
		now, last, gap := start, int64(0), int64(1e6/terms.Rate)
		for range rapid.IntRange(1, 300).Draw(rt, "newcomers") {
			now += drawPause(rt, terms)
			var answer budget.Answer
			state, answer = budget.Reserve(state, terms, budget.Ask{Patience: time.Second}, now)
			if answer.Granted {
				continue
			}
			at := now + answer.Wait.Microseconds()
			if at < last+gap {
				rt.Fatalf("the place %d µs from now is not behind the one before, %d µs from now", at-now, last-now)
			}
			if last = at; at+gap+1 >= now+terms.Horizon.Microseconds() {
				last = 0 // the end of the line is at the horizon, where places are shared
			}
		}
	})
}

// caller is somebody who comes back when told to.
type caller struct {
	at      int64
	ask     budget.Ask
	refused int
	from    int64
}

// crowd lets callers ask, each again when it was told to and up to late later, until all
// are through, and returns when that was.
func crowd(rt *rapid.T, terms budget.Terms, callers []*caller, late int64) (end int64) {
	var state budget.State
	for step := 0; len(callers) > 0; step++ {
		if step > 200_000 {
			rt.Fatalf("%d callers are still not through", len(callers))
		}
		next := slices.MinFunc(callers, func(a, b *caller) int { return cmp.Compare(a.at, b.at) })
		var answer budget.Answer
		state, answer = budget.Reserve(state, terms, next.ask, next.at)
		if answer.Granted {
			end = max(end, next.at+answer.Wait.Microseconds())
			callers = slices.DeleteFunc(callers, func(c *caller) bool { return c == next })
			continue
		}
		next.refused++
		next.ask.Returning = true
		next.at += max(1, answer.Wait.Microseconds())
		if late > 0 {
			next.at += rapid.Int64Range(0, late).Draw(rt, "late")
		}
	}
	return end
}

func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		terms := drawTerms(rt)
		terms.Rate = rapid.SampledFrom([]float64{5, 20, 50}).Draw(rt, "rate")
		n := rapid.IntRange(1, 300).Draw(rt, "callers")
		var callers []*caller
		at := start
		for range n {
			at += rapid.Int64Range(0, int64(2e6/terms.Rate)).Draw(rt, "apart")
			callers = append(callers, &caller{at: at, from: at, ask: budget.Ask{
				Restore: rapid.Bool().Draw(rt, "restore"), Patience: 2 * time.Second,
			}})
		}
		all := slices.Clone(callers)
		end := crowd(rt, terms, callers, int64(time.Second/time.Microsecond))
		// All through in about the time the calls take at the rate that is left when the
		// share of restores stays unused, and never told to come back for ever.
		needed := float64(at-start)/1e6 + float64(n)/(terms.Rate*(1-terms.Share))
		if took := float64(end-start) / 1e6; took > 2*needed+20 {
			rt.Errorf("%d calls at %g a second took %.1f s, %.1f are needed", n, terms.Rate, took, needed)
		}
		for _, c := range all {
			if c.refused > 20 {
				rt.Errorf("a caller (%+v) was told to come back %d times", c.ask, c.refused)
			}
		}
	})
}

func TestRestoresGetTheirShareOfAFullBucket(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		terms := drawTerms(rt)
		terms.Rate = rapid.SampledFrom([]float64{5, 20, 50}).Draw(rt, "rate")
		terms.Burst = rapid.SampledFrom([]float64{5, 50, 100}).Draw(rt, "burst")
		terms.Share = rapid.SampledFrom([]float64{0.1, 0.2, 0.5}).Draw(rt, "share")
		const patience = 2 * time.Second
		var state budget.State
		var answer budget.Answer
		step := int64(1e6 / terms.Rate / 3) // three times what the bucket bears
		everyNth := int(3/terms.Share) + 1  // restores just below their share
		now := start
		for i := range 2000 {
			now += step
			state, answer = budget.Reserve(state, terms, budget.Ask{Returning: i%2 == 0, Patience: patience}, now)
			_ = answer
			if i%everyNth != 0 {
				continue
			}
			state, answer = budget.Reserve(state, terms, budget.Ask{Restore: true, Patience: patience}, now)
			if !answer.Granted {
				rt.Fatalf("restore %d under full load was put off by %s", i/everyNth, answer.Wait)
			}
		}
	})
}

func TestWithoutRestoresNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, share := range []float64{0, 0.2, 0.9} {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			t.Parallel()
			terms := budget.Terms{Rate: 5, Burst: 100, Share: share, Horizon: time.Minute, Cooldown: time.Second}
			var state budget.State
			granted := 0
			const seconds = 1000
			for now := start; now < start+seconds*1e6; now += 10_000 {
				var answer budget.Answer
				if state, answer = budget.Reserve(state, terms, budget.Ask{Returning: true}, now); answer.Granted {
					granted++
				}
			}
			if want := int(seconds*terms.Rate + (1-share)*terms.Burst); granted < want-2 || granted > want+2 {
				t.Errorf("%d calls in %d s, want %d", granted, seconds, want)
			}
		})
	}
}

func TestABucketIsLoweredOnceInACooldownAndRecovers(t *testing.T) {
	t.Parallel()
	terms := budget.Terms{Rate: 5, Burst: 100, Share: 0.2, Horizon: time.Minute, Cooldown: 2 * time.Second, Recovery: 0.005}
	factor := func(s budget.State, now int64) float64 { return budget.Observe(budget.Key{}, s, terms, now).Factor }
	now := start
	state := budget.Lower(budget.State{}, terms, now)
	if got := factor(state, now); got != budget.Decrease {
		t.Fatalf("one throttle leaves %g, want %g", got, budget.Decrease)
	}
	for range 50 {
		state = budget.Lower(state, terms, now+1_900_000)
	}
	if got := factor(state, now); got != budget.Decrease {
		t.Errorf("fifty throttles within the cooldown leave %g, want %g", got, budget.Decrease)
	}
	if tokens := budget.Observe(budget.Key{}, state, terms, now).Tokens; tokens > 0 {
		t.Errorf("AWS throttled and we think it has %g tokens", tokens)
	}
	if got := factor(state, now+20_000_000); got != budget.Decrease+0.1 {
		t.Errorf("after 20 s it is %g, want 0.1 more", got)
	}
	if got := factor(state, now+3_600_000_000); got != 1 {
		t.Errorf("after an hour it is %g", got)
	}
	for range 1000 {
		now += 3_000_000
		state = budget.Lower(state, terms, now)
	}
	if got := factor(state, now); got != budget.Least {
		t.Errorf("throttled for ever it is %g, want %g", got, budget.Least)
	}
}
