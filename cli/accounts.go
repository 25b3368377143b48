package cli

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/operator"
)

func accountsCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "accounts", Usage: "look at the accounts of the installation",
		Subcommands: []*cli.Command{{
			Name: "list", Usage: "list accounts: what was listed there, when, and whether their role works",
			Description: "An account is not healthy when its breaker is open, because its role fails, or when the last listing of\n" +
				"a region and kind failed: nothing new is found there. Exits with 3 when there is one.\n\n" +
				"Examples:\n\n   holdfast accounts list\n   holdfast accounts list --output json",
			Flags: serverFlags(), Action: serviceAction(env, listAccounts),
		}},
	}
}

func listAccounts(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	list, err := d.do.ListAccounts(ctx.Context)
	if err != nil {
		return err
	}
	if err := d.print(list, func() error { return d.accountTable(list) }); err != nil {
		return err
	}
	ill := 0
	for _, a := range list.Accounts {
		if state := stateOf(a); state.failed > 0 || state.open {
			ill++
		}
	}
	if ill > 0 {
		return d.outcome(codeAttention, "%s of %d not healthy", counted(ill, "account"), len(list.Accounts))
	}
	return nil
}

// accountState is what an account comes to.
type accountState struct {
	failed int       // listings that failed
	last   time.Time // the newest complete listing
	why    string
	open   bool // its breaker
}

func stateOf(a operator.Account) (s accountState) {
	for _, scope := range a.Scopes {
		if scope.Class != "" {
			s.failed++
			s.why = fmt.Sprintf("%s in %s: %s: %s", scope.Kind, scope.Region, scope.Class, scope.Message)
		}
		if scope.SyncedAt.After(s.last) {
			s.last = scope.SyncedAt
		}
	}
	if a.Breaker != nil && a.Breaker.Open() {
		s.open, s.why = true, fmt.Sprintf("its role fails since %s: %s", instantText(a.Breaker.OpenSince), a.Breaker.Message)
	}
	return s
}

func (d *desk) accountTable(list operator.AccountList) error {
	if len(list.Accounts) == 0 {
		d.line("no accounts")
		return nil
	}
	rows := make([][]string, len(list.Accounts))
	for i, a := range list.Accounts {
		s := stateOf(a)
		role := "works"
		if s.open {
			role = "fails"
		}
		rows[i] = []string{a.Account, role, fmt.Sprintf("%d of %d", len(a.Scopes)-s.failed, len(a.Scopes)), instantText(s.last), orDash(s.why)}
	}
	return table(d.env.Stdout, []string{"ACCOUNT", "ROLE", "LISTED", "LAST", "WHY"}, rows)
}
