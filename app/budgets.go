package app

import (
	"context"

	"github.com/redis/go-redis/v9"

	"holdfast/admission/budget"
	"holdfast/admission/redisbudget"
	"holdfast/config"
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

// Budgets are the API budgets an installation shares.
type Budgets struct {
	limiter  *redisbudget.Limiter
	settings budget.Settings
	speed    float64
}

// Levels returns the buckets in use, at most limit of them, ordered by name.
func (b *Budgets) Levels(ctx context.Context, limit int) ([]budget.Level, error) {
	return b.limiter.Levels(ctx, limit, func(bucket string) budget.Terms { return b.settings.TermsOf(bucket).Faster(b.speed) })
}

func newBudgets(client redis.UniversalClient, cfg *config.Config, speed float64) *Budgets {
	return &Budgets{
		limiter:  redisbudget.New(client, redisbudget.Options{Installation: cfg.Installation}),
		settings: cfg.Budgets.Settings(), speed: speed,
	}
}

// openBudgets makes the pacer of AWS calls, or none when the configuration says so.
func (a *App) openBudgets() {
	cfg := a.Config
	if !cfg.Budgets.Enabled {
		return
	}
	machine := clock.System()
	var limiter budget.Limiter = budget.NewLocal(machine, commandFraction)
	if a.Redis != nil {
		a.Budgets = newBudgets(a.Redis, cfg, a.opts.Speed)
		limiter = budget.NewFallback(a.Budgets.limiter, budget.NewLocal(machine, aloneFraction), machine, func(err error) {
			a.log.Warn().Err(err).Msg("API budgets cannot be shared: this process takes a tenth of each for a second")
		})
	}
	a.pacer = awssession.NewPacer(awssession.PacerOptions{
		Limiter: limiter, Settings: cfg.Budgets.Settings(), Clock: a.Clock, Speed: a.opts.Speed, Observe: a.opts.Hooks.Paced,
	})
}
