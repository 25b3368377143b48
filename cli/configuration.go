package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/config"
)

// configCommand is about the configuration itself.
func configCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "config", Usage: "check, print and begin a configuration",
		Subcommands: []*cli.Command{
			{
				Name: "validate", Usage: "check the configuration; nothing is contacted",
				Description: "Prints everything that is wrong at once and exits with 2.\n\n" +
					"Example:\n\n   holdfast config validate --config holdfast.yaml",
				Flags:  []cli.Flag{configFlag()},
				Action: func(ctx *cli.Context) error { return validateConfig(ctx, env) },
			},
			{
				Name: "print", Usage: "print every key in effect and where it comes from; secrets are redacted",
				Description: "Example:\n\n   holdfast config print --config holdfast.yaml --output json",
				Flags:       []cli.Flag{configFlag()},
				Action:      func(ctx *cli.Context) error { return printConfig(ctx, env) },
			},
			{
				Name: "example", Usage: "print a complete commented configuration to begin with",
				Description: "Example:\n\n   holdfast config example > holdfast.yaml",
				Action:      func(ctx *cli.Context) error { return exampleConfig(ctx, env) },
			},
		},
	}
}

func validateConfig(ctx *cli.Context, env Env) error {
	cfg, err := readConfig(ctx, env)
	if err != nil {
		return err
	}
	files, err := cfg.PolicyFiles()
	if err != nil {
		return err
	}
	if err := together(cfg.ResolveSecrets(env.Environ), app.CheckNotifications(cfg), app.CheckReports(cfg)); err != nil {
		return err
	}
	warnings := append([]config.Problem{}, cfg.Warnings...)
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, map[string]any{
			"valid": true, "file": cfg.File(), "policy_files": append([]string{}, files...), "warnings": warnings,
		})
	}
	for _, w := range warnings {
		writeLine(env.Stderr, "holdfast: warning: %s", w)
	}
	writeLine(env.Stdout, "valid: installation %s, %d policy files, %d warnings", cfg.Installation, len(files), len(warnings))
	return nil
}

// together joins configuration errors into one, so that everything wrong shows at once.
func together(errs ...error) error {
	var all config.Error
	for _, err := range errs {
		var one *config.Error
		switch {
		case errors.As(err, &one):
			all.Problems = append(all.Problems, one.Problems...)
		case err != nil:
			return err
		}
	}
	if len(all.Problems) == 0 {
		return nil
	}
	return &all
}

func printConfig(ctx *cli.Context, env Env) error {
	cfg, err := readConfig(ctx, env)
	if err != nil {
		return err
	}
	settings := cfg.Effective()
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, map[string]any{"file": cfg.File(), "settings": settings})
	}
	rows := make([][]string, 0, len(settings))
	for _, s := range settings {
		rows = append(rows, []string{s.Key, orDash(s.Text), s.Origin})
	}
	return table(env.Stdout, []string{"KEY", "VALUE", "FROM"}, rows)
}

func exampleConfig(ctx *cli.Context, env Env) error {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, map[string]string{"example": config.Example()})
	}
	_, err := io.WriteString(env.Stdout, config.Example())
	return err
}

// readConfig reads the configuration for a command without arguments.
func readConfig(ctx *cli.Context, env Env) (*config.Config, error) {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return nil, err
	}
	return loadConfig(ctx, env)
}

// writeLine writes one line; a terminal that went away is nobody's loss.
func writeLine(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format+"\n", args...)
}
