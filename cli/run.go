package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/config"
	"holdfast/web"
)

// runCommands are the commands that run until they are told to stop.
func runCommands(env Env) []*cli.Command {
	return []*cli.Command{
		demoCommand(env),
		fleetCommand(env, "up", "run scheduler, worker and web in one process",
			"A single binary with a SQLite file is a whole installation: killed and started again, it goes on.",
			roles{scheduler: true, worker: true, web: true}),
		fleetCommand(env, "scheduler", "run a scheduler of a fleet; the one that holds the lease leads",
			"Start two or more: when the leader dies another takes over within the lease.",
			roles{scheduler: true}),
		fleetCommand(env, "worker", "run a worker of a fleet",
			"Start as many as the work needs. A worker keeps nothing: it may be killed at any moment.",
			roles{worker: true}),
		fleetCommand(env, "web", "serve the pages, health, metrics and the queue browser",
			"It listens on loopback unless web.allow_remote and web.login are set.",
			roles{web: true}),
		simCommand(env),
	}
}

// roles are the parts of the fleet one process runs.
type roles struct{ scheduler, worker, web bool }

// alone reports whether a process with these roles is a whole installation.
func (r roles) alone() bool { return r.scheduler && r.worker }

func fleetCommand(env Env, name, usage, description string, r roles) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage,
		Description: description + "\n\nExample:\n\n   holdfast " + name + " --config holdfast.yaml",
		Flags:       []cli.Flag{configFlag()},
		Action: func(ctx *cli.Context) error {
			cfg, err := loadConfig(ctx, env)
			if err != nil {
				return err
			}
			if !r.alone() {
				if err := cfg.CheckShared(name); err != nil {
					return err
				}
			}
			return runRoles(ctx.Context, cfg, env, r)
		},
	}
}

// runRoles runs the roles of one process until ctx ends.
func runRoles(ctx context.Context, cfg *config.Config, env Env, r roles) error {
	p, err := openProcess(ctx, cfg, env)
	if err != nil {
		return err
	}
	defer func() {
		if err := p.Close(); err != nil {
			p.log.Warn().Err(err).Msg("closing")
		}
	}()
	services, err := p.services(ctx, r)
	if err != nil {
		return err
	}
	p.log.Info().Str("owner", p.Owner).Bool("scheduler", r.scheduler).Bool("worker", r.worker).Bool("web", r.web).Msg("running")
	if err := app.Run(ctx, services...); err != nil {
		return err
	}
	p.log.Info().Msg("stopped")
	return nil
}

// services returns what the roles run.
func (p *process) services(ctx context.Context, r roles) ([]app.Service, error) {
	var services []app.Service
	if r.scheduler {
		if err := app.CheckReports(p.Config); err != nil {
			return nil, err
		}
		set, err := p.policySet(ctx)
		if err != nil {
			return nil, err
		}
		services = append(services, app.Service{Name: "scheduler", Run: func(ctx context.Context) error {
			return p.RunScheduler(ctx, set)
		}})
	}
	if r.worker {
		if err := p.Config.ResolveSecrets(p.environ); err != nil {
			return nil, err
		}
		if err := app.CheckNotifications(p.Config); err != nil {
			return nil, err
		}
		services = append(services, app.Service{Name: "worker", Run: p.RunWorker})
	}
	if r.web || p.Config.Web.MetricsListen != "" {
		server, err := p.listen(r)
		if err != nil {
			return nil, err
		}
		services = append(services, app.Service{Name: "web", Run: server.Run})
	}
	return services, nil
}

// listen opens the web pages, or the metrics and health of a process without pages. What
// is asked of the catalog and Redis at a scrape belongs to the pages alone: every process
// would give the same answer.
func (p *process) listen(r roles) (*web.Server, error) {
	if !r.web {
		return p.NewMetricsServer(p.registry)
	}
	p.registry.MustRegister(p.Collector())
	return p.NewWeb(p.registry)
}
