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
}

// openProcess wires a process from its configuration.
func openProcess(ctx context.Context, cfg *config.Config, env Env) (*process, error) {
	log := newLog(cfg, env.Stderr)
	registry := metrics.NewRegistry()
	m := metrics.New(registry)
	m.Build(version.String())
	a, err := app.New(ctx, app.Options{Config: cfg, Log: log, Hooks: app.Hooks{
		JobEnded: m.JobEnded, StartCalled: m.StartCalled, Repair: m.Repair, AWSCall: m.AWSCall, Paced: m.Paced,
	}})
	if err != nil {
		return nil, err
	}
	return &process{App: a, log: log, registry: registry}, nil
}

// policySet compiles the configured policies; problems are bad input, warnings are logged.
func (p *process) policySet() (*policy.Set, error) {
	set, result, err := p.LoadPolicy()
	if err != nil {
		return nil, err
	}
	if len(result.Problems) > 0 {
		return nil, policyProblems(result.Problems)
	}
	for _, w := range result.Warnings {
		p.log.Warn().Str("file", w.File).Int("line", w.Line).Str("path", w.Path).Msg(w.Message)
	}
	return set, nil
}
