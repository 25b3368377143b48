// Package cli is the holdfast command as a library: arguments in, text or JSON out, an
// exit code back. Text is for people and may change; what --output json prints is a
// contract.
//
// Exit codes: 0 done, 1 failed, 2 bad input (nothing was changed), 3 partly failed or
// something needs attention.
package cli

import (
	"context"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"holdfast/internal/clock"
	"holdfast/internal/version"
)

// Env is everything a command takes from outside.
type Env struct {
	Args           []string // with the program's name first
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string // KEY=value
	Terminal       bool     // Stderr is a terminal: progress bars instead of lines
	// Clock is what commands call now; the machine's when nil. Speed says how many times
	// faster than the machine's it runs, 1 when 0.
	Clock clock.Clock
	Speed float64
}

// Run executes one command line and returns its exit code.
func Run(ctx context.Context, env Env) int {
	if env.Clock == nil {
		env.Clock = clock.System()
	}
	app := newApp(env)
	err := app.RunContext(ctx, flagsFirst(app.Commands, env.Args))
	return conclude(env, err)
}

// newApp builds the command tree.
func newApp(env Env) *cli.App {
	commands := slices.Concat(runCommands(env), jobCommands(env), lookCommands(env), accessCommands(env), guardCommands(env), []*cli.Command{catalogCommand(env)}, settingsCommands(env))
	for _, c := range commands {
		prepare(c)
	}
	app := &cli.App{
		Name:  "holdfast",
		Usage: "back up, copy, restore and expire a whole AWS organization, in the open",
		Description: "Try it without an AWS account:\n\n   holdfast demo\n\n" +
			"Run everything in one process:\n\n   holdfast up --config holdfast.yaml\n\n" +
			"Exit codes: 0 done, 1 failed, 2 bad input, 3 partly failed or something needs attention.",
		Version: version.String(), Commands: commands,
		Writer: env.Stdout, ErrWriter: env.Stderr, Reader: env.Stdin,
		EnableBashCompletion: true, Suggest: true, HideHelpCommand: true,
		DisableSliceFlagSeparator: true,                         // values have commas; filters split on their own
		ExitErrHandler:            func(*cli.Context, error) {}, // conclude maps errors to codes in one place
		OnUsageError:              usageError,
		CommandNotFound: func(*cli.Context, string) {
		},
	}
	app.Action = noSuchCommand(app)
	return app
}

// prepare gives every leaf command below c the shared flags and error handling.
func prepare(c *cli.Command) {
	c.OnUsageError = usageError
	c.HideHelpCommand = true
	if len(c.Subcommands) == 0 {
		c.Flags = append(c.Flags, outputFlag())
		return
	}
	for _, sub := range c.Subcommands {
		prepare(sub)
	}
	group := c
	c.Action = func(ctx *cli.Context) error {
		if ctx.Args().Present() {
			return badInput("%s has no command %q: see `holdfast %s --help`", group.Name, ctx.Args().First(), group.Name)
		}
		return cli.ShowSubcommandHelp(ctx)
	}
}

func usageError(ctx *cli.Context, err error, _ bool) error {
	name := ctx.App.Name
	if ctx.Command != nil && ctx.Command.Name != "" {
		name = ctx.Command.HelpName
	}
	return badInput("%v: see `%s --help`", err, name)
}

// noSuchCommand refuses an unknown command and suggests the nearest.
func noSuchCommand(app *cli.App) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		if !ctx.Args().Present() {
			return cli.ShowAppHelp(ctx)
		}
		name := ctx.Args().First()
		if near := cli.SuggestCommand(app.Commands, name); near != "" {
			return badInput("there is no command %q. %s", name, near)
		}
		return badInput("there is no command %q: see `holdfast --help`", name)
	}
}
