package app

import (
	"holdfast/admission/budget"
	"holdfast/admission/redisbudget"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
)

// What one process takes of every API budget when it cannot share it: of a fleet's worker
// while Redis does not answer, so that ten of them stay within the budget; and of a
// command that uses no Redis.
const (
	aloneFraction   = 0.1
	commandFraction = 0.25
)

// openBudgets makes the pacer of AWS calls, or none when the configuration says so.
func (a *App) openBudgets() {
	cfg := a.Config
	if !cfg.Budgets.Enabled {
		return
	}
	machine := clock.System()
	var limiter budget.Limiter = budget.NewLocal(machine, commandFraction)
	if a.Redis != nil {
		a.Budgets = redisbudget.New(a.Redis, redisbudget.Options{Installation: cfg.Installation})
		limiter = budget.NewFallback(a.Budgets, budget.NewLocal(machine, aloneFraction), machine, func(err error) {
			a.log.Warn().Err(err).Msg("API budgets cannot be shared: this process takes a tenth of each for a second")
		})
	}
	a.pacer = awssession.NewPacer(awssession.PacerOptions{
		Limiter: limiter, Settings: cfg.Budgets.Settings(), Clock: a.Clock, Speed: a.opts.Speed, Observe: a.opts.Hooks.Paced,
	})
}
