package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"holdfast/admission/budget"
)

func budgetKeys(c *Config) []key {
	b := &c.Budgets
	return []key{
		{
			path: "budgets.enabled", value: boolean(&b.Enabled), def: "true",
			doc: "Whether calls to AWS are paced below the rates at which AWS refuses them. The budgets of all processes of an installation lie in Redis.",
		},
		{
			path: "budgets.scale", value: fraction(&b.Scale, 0.01, 100), def: "1",
			doc: "Multiplies the documented rate and burst of every bucket: below 1 leaves something for others in the accounts, above 1 is for accounts whose limits AWS has raised.",
		},
		{
			path: "budgets.restore_share", value: fraction(&b.RestoreShare, 0, 0.9), def: "0.2",
			doc: "Part of every bucket that backups, copies and deletions leave for restores. What restores do not use is not lost.",
		},
		{
			path: "budgets.buckets", value: limits{&b.Buckets}, example: "ec2:CreateSnapshot=10/200",
			doc: "Rate a second and burst of single buckets, written RATE/BURST; budgets.scale does not touch them. docs/budgets.md lists the buckets.",
		},
	}
}

// limits maps names of API buckets to RATE/BURST.
type limits struct {
	field *map[string]budget.Limit
}

func (limits) typeName() string { return "map of bucket to RATE/BURST" }
func (limits) shape() shape     { return mapShape }

func (l limits) encoded() any {
	pairs := make(map[string]string, len(*l.field))
	for name, limit := range *l.field {
		pairs[name] = formatLimit(limit)
	}
	return pairs
}

func (l limits) text() string {
	pairs := make([]string, 0, len(*l.field))
	for _, name := range slices.Sorted(maps.Keys(*l.field)) {
		pairs = append(pairs, name+"="+formatLimit((*l.field)[name]))
	}
	return strings.Join(pairs, ",")
}

func (l limits) set(items []item) (faults []fault) {
	values := make(map[string]budget.Limit, len(items))
	for i, it := range items {
		limit, err := parseLimit(it.text)
		if err == nil {
			err = budget.CheckName(it.key)
		}
		if _, twice := values[it.key]; twice {
			err = fmt.Errorf("%q is given twice: remove one", it.key)
		}
		if err != nil {
			faults = append(faults, fault{i, err.Error()})
		}
		values[it.key] = limit
	}
	if len(faults) == 0 {
		*l.field = values
	}
	return faults
}

func formatLimit(l budget.Limit) string { return fmt.Sprintf("%g/%g", l.Rate, l.Burst) }

// The bounds of an overridden bucket.
const (
	minRate  = 0.01
	maxRate  = 100_000
	maxBurst = 100_000
)

func parseLimit(text string) (budget.Limit, error) {
	left, right, ok := strings.Cut(text, "/")
	rate, rateErr := strconv.ParseFloat(strings.TrimSpace(left), 64)
	burst, burstErr := strconv.ParseFloat(strings.TrimSpace(right), 64)
	if !ok || rateErr != nil || burstErr != nil || !(rate >= minRate && rate <= maxRate) || !(burst >= 1 && burst <= maxBurst) {
		return budget.Limit{}, fmt.Errorf("%q is not RATE/BURST with a rate of %g to %d a second and a burst of 1 to %d, for example 10/200", text, minRate, maxRate, maxBurst)
	}
	return budget.Limit{Rate: rate, Burst: burst}, nil
}
