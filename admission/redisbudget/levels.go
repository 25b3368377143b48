package redisbudget

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/admission/budget"
)

// Levels returns the buckets in use, at most limit of them, ordered by name. terms gives
// the terms of a bucket by its name. Buckets that have expired leave the index on the way.
func (l *Limiter) Levels(ctx context.Context, limit int, terms func(bucket string) budget.Terms) ([]budget.Level, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	names, err := l.client.ZRange(ctx, l.index(), 0, int64(limit)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("list API budgets: %w", err)
	}
	now, err := l.client.Time(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("list API budgets: read the time: %w", err)
	}
	levels := make([]budget.Level, 0, len(names))
	for chunk := range slices.Chunk(names, levelsChunk) {
		states, err := l.states(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for i, s := range states {
			key, ok := l.parse(chunk[i])
			if ok && s.At != 0 {
				levels = append(levels, budget.Observe(key, s, terms(key.Bucket), now.UnixMicro()))
			}
		}
	}
	slices.SortFunc(levels, func(a, b budget.Level) int { return cmp.Compare(a.String(), b.String()) })
	return levels, nil
}

// levelsChunk is how many buckets one pipeline reads.
const levelsChunk = 500

// states reads buckets by the names of their keys; one that has expired is zero.
func (l *Limiter) states(ctx context.Context, names []string) ([]budget.State, error) {
	pipe := l.client.Pipeline()
	replies := make([]*redis.MapStringStringCmd, len(names))
	for i, name := range names {
		replies[i] = pipe.HGetAll(ctx, name)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read API budgets: %w", err)
	}
	states := make([]budget.State, len(names))
	for i, reply := range replies {
		fields := reply.Val()
		if len(fields) == 0 {
			if err := forgetScript.Run(ctx, l.client, []string{names[i], l.index()}).Err(); err != nil {
				return nil, fmt.Errorf("forget API budget: %w", err)
			}
			continue
		}
		states[i] = stateOf(fields)
	}
	return states, nil
}

// stateOf reads the fields the scripts write; one that is missing is zero.
func stateOf(fields map[string]string) budget.State {
	number := func(name string) float64 {
		n, _ := strconv.ParseFloat(fields[name], 64)
		return n
	}
	return budget.State{
		At: int64(number("at")), Level: number("level"), Kept: number("kept"),
		Line: int64(number("line")), RestoreLine: int64(number("rline")),
		Factor: number("factor"), Turned: int64(number("turned")),
	}
}

// parse takes the name of a bucket's key apart.
func (l *Limiter) parse(name string) (budget.Key, bool) {
	rest, ok := strings.CutPrefix(name, l.root+":")
	parts := strings.SplitN(rest, "/", 3)
	if !ok || len(parts) != 3 {
		return budget.Key{}, false
	}
	return budget.Key{Account: parts[0], Region: parts[1], Bucket: parts[2]}, true
}
