package metrics

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"holdfast/admission/budget"
)

// maxBudgets bounds how many buckets one question may return: an organization has
// thousands of accounts, a few regions and a handful of calls in each.
const maxBudgets = 50_000

// Levels is what Budgets needs of the API budgets.
type Levels interface {
	Levels(ctx context.Context, limit int) ([]budget.Level, error)
}

// Budgets reads the API budgets. Accounts and regions are no labels: of each bucket the
// worst is shown, and `limits show --budgets` says where it is.
func Budgets(levels Levels) Source {
	rate, tokens, line := budgetRate.desc(), budgetTokens.desc(), budgetLine.desc()
	return Source{"budgets", func(ctx context.Context) (list []prometheus.Metric, err error) {
		all, err := levels.Levels(ctx, maxBudgets)
		if err != nil {
			return nil, fmt.Errorf("read API budgets: %w", err)
		}
		for name, worst := range worstOf(all) {
			list = append(list, constant(rate, worst.Factor, name), constant(tokens, worst.Tokens, name),
				constant(line, worst.Line.Seconds(), name))
		}
		if len(all) >= maxBudgets {
			err = fmt.Errorf("more than %d API budgets: the rest is not shown", maxBudgets)
		}
		return list, err
	}}
}

// worstOf returns, by bucket, the lowest rate and tokens and the longest line.
func worstOf(levels []budget.Level) map[string]budget.Level {
	worst := map[string]budget.Level{}
	for _, l := range levels {
		w, seen := worst[l.Bucket]
		if seen {
			l.Factor, l.Tokens, l.Line = min(l.Factor, w.Factor), min(l.Tokens, w.Tokens), max(l.Line, w.Line)
		}
		worst[l.Bucket] = l
	}
	return worst
}
