package cli

import "github.com/urfave/cli/v2"

func limitsCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "limits", Usage: "look at and set how many operations may run at once",
		Subcommands: []*cli.Command{limitsShowCommand(env), limitsSetCommand(env)},
	}
}
