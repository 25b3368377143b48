package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/config"
	"holdfast/demo"
	"holdfast/internal/clock"
	"holdfast/internal/metrics"
)

// demoCommand plays two nights of a simulated organization.
func demoCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "demo", Usage: "back up a simulated organization, in this process, within a minute",
		Description: "Nothing is needed: AWS is simulated, Redis and the catalog are embedded, time runs fast.\n" +
			"The real scheduler, worker and drivers do the work; the simulated AWS judges it.\n\n" +
			"Examples:\n\n   holdfast demo\n   holdfast demo --accounts 50 --resources 3000 --seed 7\n   holdfast demo --keep\n   holdfast demo --keep --failing 1 --webhook http://127.0.0.1:9000/ --mail 127.0.0.1:1025\n   holdfast demo --output json | jq .lost_jobs",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "accounts", Value: 12, Usage: "accounts in the organization"},
			&cli.IntFlag{Name: "regions", Value: 2, Usage: "regions"},
			&cli.IntFlag{Name: "resources", Value: 600, Usage: "volumes, DB instances and tables"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "the same seed gives the same organization"},
			&cli.Float64Flag{Name: "speed", Value: 600, Usage: "how many seconds pass there in one here"},
			&cli.IntFlag{Name: "failing", Usage: "in the first night the roles of `N` accounts fail"},
			&cli.StringFlag{Name: "webhook", Usage: "tell what goes wrong to a Slack-compatible webhook at `URL`"},
			&cli.StringFlag{Name: "mail", Usage: "mail what goes wrong over an SMTP server without TLS at `HOST:PORT`"},
			&cli.BoolFlag{Name: "keep", Usage: "stay up afterwards with the web pages open"},
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8484", Usage: "with --keep: `ADDRESS` of the web pages"},
			&cli.PathFlag{Name: "dir", Usage: "keep the catalog, the policy and the log in `DIR` (default: a temporary one)"},
		},
		Action: func(ctx *cli.Context) error { return runDemo(ctx, env) },
	}
}

func runDemo(ctx *cli.Context, env Env) error {
	if err := checkDemo(ctx); err != nil {
		return err
	}
	dir, remove, err := demoDir(ctx.Path("dir"))
	if err != nil {
		return err
	}
	defer remove()
	logFile, err := os.OpenFile(filepath.Join(dir, "holdfast.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // G304: the user names the directory
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer func() { _ = logFile.Close() }()
	d := &demoRun{ctx: ctx, env: env, progress: demoProgress(ctx, env)}
	err = demo.Run(ctx.Context, demo.Options{
		Accounts: ctx.Int("accounts"), Regions: ctx.Int("regions"), Resources: ctx.Int("resources"),
		Seed: ctx.Uint64("seed"), Speed: ctx.Float64("speed"), Dir: dir,
		Log: zerolog.New(logFile).With().Timestamp().Logger(), Progress: d.progress,
		Failing: ctx.Int("failing"), Keep: ctx.Bool("keep"), Configure: d.configure, OnReady: d.ready, OnSummary: d.summary,
	})
	if err != nil {
		return err
	}
	return d.result
}

// checkDemo lists everything wrong with the numbers.
func checkDemo(ctx *cli.Context) error {
	bad := &exitError{code: codeBadInput, err: fmt.Errorf("the demo cannot be played like this")}
	for _, limit := range []struct {
		flag     string
		from, to float64
	}{{"accounts", 1, 1000}, {"regions", 1, 8}, {"resources", 1, 100_000}, {"speed", 1, 2000}} {
		value := ctx.Float64(limit.flag)
		if limit.flag != "speed" {
			value = float64(ctx.Int(limit.flag))
		}
		if value < limit.from || value > limit.to {
			bad.problems = append(bad.problems, problem{
				Kind: "bad_input", Path: "--" + limit.flag, Message: fmt.Sprintf("is %v: use %v to %v", value, limit.from, limit.to),
			})
		}
	}
	if n, all := ctx.Int("failing"), ctx.Int("accounts"); n < 0 || n > 0 && n >= all {
		bad.problems = append(bad.problems, problem{
			Kind: "bad_input", Path: "--failing", Message: fmt.Sprintf("is %d: use 0 to %d, so that an account is left", n, all-1),
		})
	}
	if len(bad.problems) > 0 {
		return bad
	}
	return nil
}

// demoDir returns where the demo keeps its files and how to remove what is temporary.
func demoDir(dir string) (string, func(), error) {
	if dir != "" {
		return dir, func() {}, os.MkdirAll(dir, 0o700)
	}
	dir, err := os.MkdirTemp("", "holdfast-demo-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// demoProgress chooses bars for a terminal, lines otherwise, nothing for JSON.
func demoProgress(ctx *cli.Context, env Env) demo.Progress {
	switch {
	case jsonWanted(ctx):
		return demo.Silent()
	case env.Terminal:
		return demo.NewBars(env.Stderr)
	default:
		return demo.NewLines(env.Stderr, clock.System().Now)
	}
}

// demoRun is one run of the command.
type demoRun struct {
	ctx      *cli.Context
	env      Env
	progress demo.Progress
	address  string
	result   error
}

func (d *demoRun) configure(cfg *config.Config) error {
	cfg.Web.Listen = d.ctx.String("listen")
	return d.tell(cfg)
}

// tell adds the targets of notifications the flags name.
func (d *demoRun) tell(cfg *config.Config) error {
	var targets []map[string]any
	var given []string
	if url := d.ctx.String("webhook"); url != "" {
		targets = append(targets, map[string]any{"name": "webhook", "type": config.TargetSlack, "url": url})
		given = append(given, "--webhook")
	}
	if address := d.ctx.String("mail"); address != "" {
		targets = append(targets, map[string]any{
			"name": "mail", "type": config.TargetSMTP, "address": address, "tls": config.TLSNone,
			"from": "Holdfast <holdfast@demo.example>", "to": []string{"you@demo.example"},
		})
		given = append(given, "--mail")
	}
	if len(targets) == 0 {
		return nil
	}
	text, err := json.Marshal(targets)
	if err != nil {
		return err
	}
	return cfg.Set("notifications.targets", string(text), strings.Join(given, ", "))
}

// ready opens the web pages when the demo is to stay.
func (d *demoRun) ready(a *app.App) ([]app.Service, error) {
	if !d.ctx.Bool("keep") {
		return nil, nil
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(a.Collector())
	metrics.New(registry)
	server, err := a.NewWeb(registry)
	if err != nil {
		return nil, err
	}
	d.address = "http://" + server.Addr()
	d.progress.Note("web pages: " + d.address)
	return []app.Service{{Name: "web", Run: func(ctx context.Context) error { return server.Run(ctx) }}}, nil
}

// summary prints how the night went.
func (d *demoRun) summary(s demo.Summary) error {
	if what := s.Attention(); what != "" {
		d.result = &exitError{code: codeAttention, err: fmt.Errorf("needs attention: %s", what), silent: jsonWanted(d.ctx)}
	}
	if jsonWanted(d.ctx) {
		return printJSON(d.env.Stdout, s)
	}
	fmt.Fprintln(d.env.Stdout)
	if err := s.Print(d.env.Stdout); err != nil {
		return err
	}
	if d.address != "" {
		fmt.Fprintf(d.env.Stdout, "\nStill running: %s (Ctrl-C ends it)\n", d.address)
	}
	return nil
}
