package cli

import (
	"github.com/urfave/cli/v2"

	"holdfast/access"
	"holdfast/app"
	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/login"
)

// accessCommands are the commands about who may use the pages and the API.
func accessCommands(env Env) []*cli.Command {
	return []*cli.Command{userCommand(env), tokenCommand(env), rolesCommand(env)}
}

const passwordHelp = "The password is asked for on a terminal, else it is the first line of standard input or of\n" +
	"--password-file; it never stands on the command line."

func userCommand(env Env) *cli.Command {
	role := &cli.StringFlag{Name: "role", Required: true, Usage: "`ROLE`: " + joined(access.Roles())}
	file := &cli.StringFlag{Name: "password-file", Usage: "read the password from the first line of `FILE`"}
	return &cli.Command{
		Name: "user", Usage: "manage who may sign in to the web pages",
		Subcommands: []*cli.Command{
			{
				Name: "add", Usage: "add a user", ArgsUsage: "NAME",
				Description: passwordHelp + " `holdfast roles` says what each role may do.\n\n" +
					"Examples:\n\n   holdfast user add ana --role operator\n   holdfast user add ana --role admin --password-file /run/secrets/ana",
				Flags:  []cli.Flag{configFlag(), role, file},
				Action: keeperAction(env, addUser),
			},
			{
				Name: "list", Usage: "list users with their roles",
				Description: "Example:\n\n   holdfast user list --output json",
				Flags:       []cli.Flag{configFlag()}, Action: keeperAction(env, listUsers),
			},
			{
				Name: "passwd", Usage: "set a user's password and end the user's sessions", ArgsUsage: "NAME",
				Description: passwordHelp + "\n\nExample:\n\n   holdfast user passwd ana",
				Flags:       []cli.Flag{configFlag(), file}, Action: keeperAction(env, setPassword),
			},
			{
				Name: "role", Usage: "give a user another role and end the user's sessions", ArgsUsage: "NAME",
				Description: "Example:\n\n   holdfast user role ana --role restorer",
				Flags:       []cli.Flag{configFlag(), role}, Action: keeperAction(env, setRole),
			},
			{
				Name: "remove", Usage: "remove a user and end the user's sessions", ArgsUsage: "NAME",
				Description: "What the user did stays in the history.\n\nExample:\n\n   holdfast user remove ana",
				Flags:       []cli.Flag{configFlag()}, Action: keeperAction(env, removeUser),
			},
		},
	}
}

// keeper is a desk with the users and tokens.
type keeper struct {
	*desk
	logins *login.Keeper
}

// keeperAction is the action of a command about users or tokens.
func keeperAction(env Env, do func(*cli.Context, keeper) error) cli.ActionFunc {
	return deskAction(env, func(ctx *cli.Context, d *desk) error {
		logins, err := app.NewLogins(d.store, d.clock)
		if err != nil {
			return err
		}
		err = do(ctx, keeper{d, logins})
		if failure.Is(err, failure.Invalid) || failure.Is(err, failure.NotFound) || failure.Is(err, failure.Conflict) {
			return badInput("%w", err)
		}
		return err
	})
}

// named returns the one argument.
func named(ctx *cli.Context, what string) (string, error) {
	if ctx.NArg() != 1 {
		return "", badInput("name one %s: `%s NAME`", what, ctx.Command.HelpName)
	}
	return ctx.Args().First(), nil
}

func addUser(ctx *cli.Context, k keeper) error {
	name, err := named(ctx, "user")
	if err != nil {
		return err
	}
	role := access.Role(ctx.String("role"))
	if err := login.Check(name, role); err != nil { // before anybody types a password
		return err
	}
	password, err := k.readPassword(ctx)
	if err != nil {
		return err
	}
	if err := k.logins.AddUser(ctx.Context, name, role, password, k.act.Who.Name); err != nil {
		return err
	}
	return k.said(map[string]any{"user": name, "role": role}, "%s may sign in as %s", name, role)
}

// said prints what was done.
func (k keeper) said(doc any, format string, args ...any) error {
	return k.print(doc, func() error {
		k.line(format, args...)
		return nil
	})
}

func setPassword(ctx *cli.Context, k keeper) error {
	name, err := named(ctx, "user")
	if err != nil {
		return err
	}
	password, err := k.readPassword(ctx)
	if err != nil {
		return err
	}
	if err := k.logins.SetPassword(ctx.Context, name, password, k.act.Who.Name); err != nil {
		return err
	}
	return k.said(map[string]any{"user": name}, "the password of %s is set; the sessions of %s have ended", name, name)
}

func setRole(ctx *cli.Context, k keeper) error {
	name, err := named(ctx, "user")
	if err != nil {
		return err
	}
	role := access.Role(ctx.String("role"))
	if err := k.logins.SetRole(ctx.Context, name, role, k.act.Who.Name); err != nil {
		return err
	}
	return k.said(map[string]any{"user": name, "role": role}, "%s is %s now and has to sign in again", name, role)
}

func removeUser(ctx *cli.Context, k keeper) error {
	name, err := named(ctx, "user")
	if err != nil {
		return err
	}
	if err := k.logins.RemoveUser(ctx.Context, name, k.act.Who.Name); err != nil {
		return err
	}
	return k.said(map[string]any{"user": name}, "%s is removed", name)
}

func listUsers(ctx *cli.Context, k keeper) error {
	users, err := k.logins.Users(ctx.Context)
	if err != nil {
		return err
	}
	return k.print(map[string]any{"users": append([]catalog.User{}, users...)}, func() error {
		rows := make([][]string, len(users))
		for i, u := range users {
			rows[i] = []string{u.Name, string(u.Role), instantText(u.CreatedAt), u.CreatedBy}
		}
		return table(k.env.Stdout, []string{"NAME", "ROLE", "ADDED", "BY"}, rows)
	})
}
