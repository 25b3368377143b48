package cli

import "github.com/urfave/cli/v2"

// lookCommands are the commands about what there is: points, resources, accounts, limits, what
// has happened, and reports on it.
func lookCommands(env Env) []*cli.Command {
	return []*cli.Command{pointsCommand(env), inventoryCommand(env), accountsCommand(env), limitsCommand(env), auditCommand(env), reportCommand(env)}
}

// settingsCommands are the commands about how an installation is set up and how it is.
func settingsCommands(env Env) []*cli.Command {
	return []*cli.Command{
		policyCommand(env), configCommand(env), driverCommand(env), notifyCommand(env),
		doctorCommand(env), preflightCommand(env), healthCommand(env), completionCommand(env),
	}
}
