package cli

import (
	"context"
	"fmt"
	"time"

	"holdfast/admission/budget"
	"holdfast/app"
)

// budgetList is what `limits show --budgets --output json` prints.
type budgetList struct {
	Enabled bool          `json:"enabled"`
	Budgets []budgetLevel `json:"budgets"`
}

// budgetLevel is one bucket in use.
type budgetLevel struct {
	Account string  `json:"account"` // self: the process's own credentials
	Region  string  `json:"region"`
	Bucket  string  `json:"bucket"`
	Rate    float64 `json:"rate"` // configured, calls a second
	Burst   float64 `json:"burst"`
	Tokens  float64 `json:"tokens"` // calls that could go at once; below 0: reserved ahead
	Factor  float64 `json:"factor"` // part of the rate in use; below 1: AWS throttled lately
	Line    float64 `json:"line_seconds"`
}

// showBudgets lists the buckets Redis knows. Inside a running process only its own metrics
// can see them.
func showBudgets(ctx context.Context, d *desk) error {
	list := budgetList{Enabled: d.cfg.Budgets.Enabled, Budgets: []budgetLevel{}}
	if !list.Enabled {
		d.note("budgets.enabled is false: nothing is paced")
		return d.print(list, func() error { return nil })
	}
	queue, err := app.OpenQueue(ctx, d.cfg)
	if err != nil {
		d.note("%v; its metrics holdfast_budget_* tell of the budgets", err)
		return d.print(list, func() error { return nil })
	}
	defer func() { _ = queue.Close() }()
	levels, err := queue.Budgets.Levels(ctx, maxUsage)
	if err != nil {
		return err
	}
	settings := d.cfg.Budgets.Settings()
	for _, l := range levels {
		terms := settings.TermsOf(l.Bucket)
		list.Budgets = append(list.Budgets, budgetLevel{
			Account: l.Account, Region: l.Region, Bucket: l.Bucket, Rate: terms.Rate, Burst: terms.Burst,
			Tokens: l.Tokens, Factor: l.Factor, Line: l.Line.Seconds(),
		})
	}
	return d.print(list, func() error { return d.budgetTable(list) })
}

func (d *desk) budgetTable(list budgetList) error {
	rows := make([][]string, len(list.Budgets))
	for i, b := range list.Budgets {
		line := "-"
		if b.Line > 0 {
			line = time.Duration(b.Line * float64(time.Second)).Round(time.Second).String()
		}
		rows[i] = []string{
			b.Account, b.Region, b.Bucket, fmt.Sprintf("%g/s", b.Rate), fmt.Sprintf("%g", b.Burst),
			fmt.Sprintf("%.0f", b.Tokens), fmt.Sprintf("%.0f %%", 100*b.Factor), line,
		}
	}
	return table(d.env.Stdout, []string{"ACCOUNT", "REGION", "BUCKET", "RATE", "BURST", "TOKENS", "IN USE", "PUT OFF"}, rows)
}

// budgets warns of buckets AWS has throttled.
func (e *examination) budgets(ctx context.Context, budgets *app.Budgets) {
	if !e.cfg.Budgets.Enabled {
		e.found.warn("budgets", "set budgets.enabled to true unless something else paces the calls", "off: AWS' refusals are the only brake")
		return
	}
	levels, err := budgets.Levels(ctx, maxUsage)
	if err != nil {
		e.found.fail("budgets", "check that Redis is up", "%v", err)
		return
	}
	lowered := throttledOf(levels)
	for _, l := range lowered[:min(len(lowered), namedAtMost)] {
		e.found.warn("budgets", "if somebody else calls this API in the account, lower budgets.scale or its budgets.buckets",
			"AWS throttles %s in account %s, %s: %.0f %% of the rate is in use", l.Bucket, l.Account, l.Region, 100*l.Factor)
	}
	switch {
	case len(lowered) == 0:
		e.found.ok("budgets", "%d API budgets in use, none throttled by AWS", len(levels))
	case len(lowered) > namedAtMost:
		e.found.warn("budgets", "see `holdfast limits show --budgets`", "and %d more", len(lowered)-namedAtMost)
	}
}

// throttledOf returns the buckets whose rate is lowered.
func throttledOf(levels []budget.Level) (lowered []budget.Level) {
	for _, l := range levels {
		if l.Factor < 1 {
			lowered = append(lowered, l)
		}
	}
	return lowered
}
