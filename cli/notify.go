package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/failure"
	"holdfast/notify"
)

// notifyCommand is about who is told what.
func notifyCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "notify", Usage: "list, try and mend the targets of notifications",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list targets, what goes there, and how many messages went and are stuck",
				Description: "Example:\n\n   holdfast notify list --output json",
				Flags:       []cli.Flag{configFlag()},
				Action:      deskAction(env, listTargets),
			},
			{
				Name: "test", Usage: "send a test message to every target, or to one, and say what came of it",
				Description: "It is sent from here and now, past queue and routes, and says that it is a test.\n\n" +
					"Example:\n\n   holdfast notify test --target oncall",
				Flags:  []cli.Flag{configFlag(), &cli.StringFlag{Name: "target", Usage: "only the target called `NAME`"}},
				Action: func(ctx *cli.Context) error { return testTargets(ctx, env) },
			},
			{
				Name: "failed", Usage: "list the messages that were given up",
				Description: "A message is given up when its target refuses it for good or after some two hours of attempts.\n\n" +
					"Example:\n\n   holdfast notify failed",
				Flags:  []cli.Flag{configFlag(), &cli.IntFlag{Name: "limit", Value: defaultListLimit, Usage: "at most this many"}},
				Action: deskAction(env, listUnsent),
			},
			{
				Name: "retry", Usage: "try messages that were given up once more", ArgsUsage: "[ID...]",
				Description: "The leader hands them to the queue within a second.\n\n" +
					"Examples:\n\n   holdfast notify retry 6mpz72yzs7geu2grkcuv6eq3hw\n   holdfast notify retry --all",
				Flags:  []cli.Flag{configFlag(), &cli.BoolFlag{Name: "all", Usage: "all of them"}},
				Action: deskAction(env, retryUnsent),
			},
		},
	}
}

// targetRow is a target as `notify list` shows it.
type targetRow struct {
	Name     string                            `json:"name"`
	Type     string                            `json:"type"`
	To       string                            `json:"to"` // no secret
	Routes   int                               `json:"routes"`
	Messages map[catalog.NotificationState]int `json:"messages"`
}

func listTargets(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	counts, err := d.store.CountNotifications(ctx.Context)
	if err != nil {
		return err
	}
	n := d.cfg.Notifications
	rows := make([]targetRow, 0, len(n.Targets))
	for _, t := range n.Targets {
		row := targetRow{Name: t.Name, Type: t.Type, To: whereTo(t), Messages: counts[t.Name]}
		for _, r := range n.Routes {
			if slices.Contains(r.Targets, t.Name) {
				row.Routes++
			}
		}
		rows = append(rows, row)
	}
	return d.print(map[string]any{"targets": rows}, func() error { return d.targetTable(rows) })
}

func (d *desk) targetTable(rows []targetRow) error {
	if len(rows) == 0 {
		d.line("nobody is told anything: add notifications.targets to the configuration (docs/notifications.md)")
		return nil
	}
	var cells [][]string
	for _, r := range rows {
		routes := fmt.Sprint(r.Routes)
		if len(d.cfg.Notifications.Routes) == 0 {
			routes = "default"
		}
		cells = append(cells, []string{
			r.Name, r.Type, r.To, routes, fmt.Sprint(r.Messages[catalog.NotificationOpen] + r.Messages[catalog.NotificationSending]),
			fmt.Sprint(r.Messages[catalog.NotificationDelivered]), fmt.Sprint(r.Messages[catalog.NotificationDead]),
		})
	}
	return table(d.env.Stdout, []string{"TARGET", "TYPE", "TO", "ROUTES", "WAITING", "DELIVERED", "GIVEN UP"}, cells)
}

// whereTo says where a target is without what may be secret.
func whereTo(t config.NotificationTarget) string {
	switch t.Type {
	case config.TargetSMTP:
		return strings.Join(t.To, ", ") + " over " + t.Address
	case config.TargetSNS:
		return t.TopicARN
	case config.TargetEventBridge, config.TargetCloudWatch:
		return t.Region + " " + orDash(t.EventBus+t.Namespace)
	default:
		return t.URL.String()
	}
}

// trialRow says what came of a test message.
type trialRow struct {
	Target string        `json:"target"`
	Sent   bool          `json:"sent"`
	Class  failure.Class `json:"class,omitempty"`
	Error  string        `json:"error,omitempty"`
}

func testTargets(ctx *cli.Context, env Env) error {
	cfg, err := readConfig(ctx, env)
	if err != nil {
		return err
	}
	names, err := targetNames(cfg, ctx.String("target"))
	if err != nil {
		return err
	}
	if err := together(cfg.ResolveSecrets(env.Environ), app.CheckNotifications(cfg)); err != nil {
		return err
	}
	deliverer, err := app.NewDeliverer(ctx.Context, app.Options{Config: cfg, Clock: env.Clock, Log: zerolog.Nop()}, nil)
	if err != nil {
		return err
	}
	rows, failed := make([]trialRow, 0, len(names)), 0
	for _, name := range names {
		row := trialRow{Target: name, Sent: true}
		if err := deliverer.Send(ctx.Context, name, notify.Trial(env.Clock.Now())); err != nil {
			row.Sent, row.Class, row.Error = false, failure.ClassOf(err), err.Error()
			failed++
		}
		rows = append(rows, row)
	}
	if err := printTrials(ctx, env, rows); err != nil || failed == 0 {
		return err
	}
	code := codeAttention
	if failed == len(rows) {
		code = codeFailed
	}
	return &exitError{code: code, err: fmt.Errorf("%d of %d targets took no message", failed, len(rows)), silent: jsonWanted(ctx)}
}

func targetNames(cfg *config.Config, only string) ([]string, error) {
	var names []string
	for _, t := range cfg.Notifications.Targets {
		names = append(names, t.Name)
	}
	switch {
	case len(names) == 0:
		return nil, badInput("there is no target to test: add notifications.targets to the configuration (docs/notifications.md)")
	case only == "":
		return names, nil
	case !slices.Contains(names, only):
		return nil, badInput("--target %q: there is no such target, only %s", only, strings.Join(names, ", "))
	}
	return []string{only}, nil
}

func printTrials(ctx *cli.Context, env Env, rows []trialRow) error {
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, map[string]any{"targets": rows})
	}
	for _, r := range rows {
		if r.Sent {
			writeLine(env.Stdout, "%s: sent", r.Target)
		} else {
			writeLine(env.Stdout, "%s: not sent (%s): %s", r.Target, r.Class, r.Error)
		}
	}
	return nil
}

func listUnsent(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	limit := c.limit(ctx, maxListLimit)
	if err := c.err(); err != nil {
		return err
	}
	list, err := d.store.Notifications(ctx.Context, catalog.NotificationFilter{
		States: []catalog.NotificationState{catalog.NotificationDead}, Limit: limit,
	})
	if err != nil {
		return err
	}
	list = append([]catalog.Notification{}, list...)
	return d.print(map[string]any{"notifications": list}, func() error {
		if len(list) == 0 {
			d.line("no message was given up")
			return nil
		}
		var cells [][]string
		for _, n := range list {
			cells = append(cells, []string{n.ID, n.Target, n.Group, fmt.Sprint(n.Events), fmt.Sprint(n.Attempts), instantText(n.ChangedAt), n.Error})
		}
		return table(d.env.Stdout, []string{"ID", "TARGET", "GROUP", "EVENTS", "ATTEMPTS", "GIVEN UP", "ERROR"}, cells)
	})
}

func retryUnsent(ctx *cli.Context, d *desk) error {
	ids := ctx.Args().Slice()
	if ctx.Bool("all") == (len(ids) > 0) {
		return badInput("name the messages to try again, or --all: see `holdfast notify failed`")
	}
	n, err := notify.Retry(ctx.Context, d.store, d.clock.Now(), ids...)
	switch {
	case errors.Is(err, catalog.ErrNotFound) || failure.Is(err, failure.Invalid):
		return badInput("%v: see `holdfast notify failed`", err)
	case err != nil:
		return err
	}
	return d.print(map[string]any{"retried": n}, func() error {
		d.line("%d messages will be tried again", n)
		return nil
	})
}
