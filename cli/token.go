package cli

import (
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/access"
	"holdfast/catalog"
)

func tokenCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "token", Usage: "manage the tokens of programs that use the API",
		Subcommands: []*cli.Command{
			{
				Name: "create", Usage: "make a token and print its secret, once", ArgsUsage: "NAME",
				Description: "The secret goes to standard output, everything else to standard error. Only a hash of it is kept.\n" +
					"--expires-in takes hours or days, at most 366d.\n\n" +
					"Example:\n\n   holdfast token create ci --role operator --expires-in 30d > /run/secrets/holdfast-token",
				Flags: []cli.Flag{
					configFlag(),
					&cli.StringFlag{Name: "role", Required: true, Usage: "`ROLE`: " + joined(access.Roles())},
					&cli.StringFlag{Name: "expires-in", Value: "90d", Usage: "`AGE` at which it ends, for example 12h or 90d"},
				},
				Action: keeperAction(env, createToken),
			},
			{
				Name: "list", Usage: "list tokens with their roles and ends",
				Description: "Example:\n\n   holdfast token list",
				Flags:       []cli.Flag{configFlag()}, Action: keeperAction(env, listTokens),
			},
			{
				Name: "revoke", Usage: "end a token now", ArgsUsage: "NAME",
				Description: "Example:\n\n   holdfast token revoke ci",
				Flags:       []cli.Flag{configFlag()}, Action: keeperAction(env, revokeToken),
			},
		},
	}
}

// createdToken is what `token create --output json` prints.
type createdToken struct {
	catalog.Token
	Secret string `json:"secret"`
}

func createToken(ctx *cli.Context, k keeper) error {
	name, err := named(ctx, "token")
	if err != nil {
		return err
	}
	life, err := parseAge(ctx.String("expires-in"))
	if err != nil {
		return badInput("--expires-in: %w: write hours or days, for example 12h or 90d", err)
	}
	secret, token, err := k.logins.CreateToken(ctx.Context, name, access.Role(ctx.String("role")), life, k.act.Who.Name)
	if err != nil {
		return err
	}
	return k.print(createdToken{token, secret}, func() error {
		k.line("%s", secret)
		k.note("token %s with the role %s, until %s; it is not shown again", token.ID, token.Role, instantText(token.ExpiresAt))
		return nil
	})
}

func listTokens(ctx *cli.Context, k keeper) error {
	tokens, err := k.logins.Tokens(ctx.Context)
	if err != nil {
		return err
	}
	return k.print(map[string]any{"tokens": append([]catalog.Token{}, tokens...)}, func() error {
		rows := make([][]string, len(tokens))
		for i, t := range tokens {
			rows[i] = []string{t.ID, string(t.Role), instantText(t.CreatedAt), t.CreatedBy, endText(t.ExpiresAt, k.clock.Now())}
		}
		return table(k.env.Stdout, []string{"NAME", "ROLE", "CREATED", "BY", "ENDS"}, rows)
	})
}

func endText(at, now time.Time) string {
	if !at.After(now) {
		return "expired"
	}
	return instantText(at)
}

func revokeToken(ctx *cli.Context, k keeper) error {
	name, err := named(ctx, "token")
	if err != nil {
		return err
	}
	if err := k.logins.RevokeToken(ctx.Context, name, k.act.Who.Name); err != nil {
		return err
	}
	return k.said(map[string]any{"token": name}, "token %s is revoked", name)
}

func rolesCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "roles", Usage: "say which role may do what in the pages and the API",
		Description: "Commands that read the configuration and the catalog themselves have no role: who can do that may\n" +
			"do everything.\n\nExample:\n\n   holdfast roles",
		Action: func(ctx *cli.Context) error {
			if jsonWanted(ctx) {
				return printJSON(env.Stdout, map[string]any{"rights": access.Rights()})
			}
			rows := make([][]string, 0, len(access.Rights()))
			for _, r := range access.Rights() {
				rows = append(rows, []string{string(r.Action), joined(r.Roles), r.Means})
			}
			return table(env.Stdout, []string{"ACTION", "ROLES", "MEANS"}, rows)
		},
	}
}
