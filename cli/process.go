package cli

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/config"
	"holdfast/internal/metrics"
	"holdfast/internal/version"
	"holdfast/policy"
)

// configFlag names the configuration file.
func configFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "config", Aliases: []string{"c"}, EnvVars: []string{"HOLDFAST_CONFIG"}, Value: "holdfast.yaml",
		Usage: "configuration `FILE`", TakesFile: true,
	}
}

// loadConfig reads the configuration a command names.
func loadConfig(ctx *cli.Context, env Env) (*config.Config, error) {
	return config.Load(ctx.String("config"), env.Environ)
}

// newLog returns the process' logger; it writes to w.
func newLog(cfg *config.Config, w io.Writer) zerolog.Logger {
	level, err := zerolog.ParseLevel(cfg.Log.Level)
	if err != nil {
		level = zerolog.InfoLevel
	}
	if cfg.Log.Format == "console" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.RFC3339}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Str("installation", cfg.Installation).Logger()
}

// process is a running part of the fleet: an app with its metrics.
type process struct {
	*app.App
	log      zerolog.Logger
	registry *prometheus.Registry
	environ  []string
}

// openProcess wires a process from its configuration.
func openProcess(ctx context.Context, cfg *config.Config, env Env) (*process, error) {
	log := newLog(cfg, env.Stderr)
	registry := metrics.NewRegistry()
	m := metrics.New(registry)
	m.Build(version.String())
	a, err := app.New(ctx, app.Options{Config: cfg, Log: log, Clock: env.Clock, Speed: env.Speed, Hooks: app.Hooks{
		JobEnded: m.JobEnded, StartCalled: m.StartCalled, Repair: m.Repair, TaskRefused: m.TaskRefused, AWSCall: m.AWSCall, Paced: m.Paced,
	}})
	if err != nil {
		return nil, err
	}
	return &process{App: a, log: log, registry: registry, environ: env.Environ}, nil
}

// policySet compiles the configured policies; problems are bad input, warnings are logged,
// and so is what is withheld.
func (p *process) policySet(ctx context.Context) (*policy.Set, error) {
	policies, err := p.LoadPolicy(ctx)
	if err != nil {
		return nil, err
	}
	if len(policies.Result.Problems) > 0 {
		return nil, policyProblems(policies.Result.Problems)
	}
	for _, w := range policies.Result.Warnings {
		p.log.Warn().Str("file", w.File).Int("line", w.Line).Str("path", w.Path).Msg(w.Message)
	}
	for _, g := range policies.Withheld() {
		p.log.Error().Str("target", g.Target).Int("accounts", len(g.Accounts)).Bool("last_valid", g.LastValid).
			Strs("problems", texts(g.Problems)).Msg("organization policy withheld: " + g.Consequence())
	}
	return policies.Set, nil
}

func texts(problems []policy.Problem) []string {
	list := make([]string, len(problems))
	for i, p := range problems {
		list[i] = p.String()
	}
	return list
}
