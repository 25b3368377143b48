package cli

import (
	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/operator"
	"holdfast/resource"
)

func inventoryCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "inventory", Usage: "look at the resources of the organization",
		Subcommands: []*cli.Command{inventoryListCommand(env), inventorySyncCommand(env)},
	}
}

// maxInventoryLimit bounds one list of resources.
const maxInventoryLimit = 1_000_000

func inventoryListCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list resources and the plans that back them up",
		Description: "A resource is unprotected when no plan of the configured policies selects it, or when it cannot\n" +
			"be backed up. --unprotected exits with 3 when there is one.\n\n" +
			"Examples:\n\n   holdfast inventory list --account 111122223333\n   holdfast inventory list --unprotected --output json",
		Flags: serverFlags(listFlags(
			&cli.BoolFlag{Name: "unprotected", Usage: "only resources nothing backs up"},
			&cli.BoolFlag{Name: "gone", Usage: "also resources that are no longer there"},
		)...),
		Action: serviceAction(env, listInventory),
	}
}

// inventoryList is what `inventory list --output json` prints.
type inventoryList struct {
	Resources []operator.ResourceEntry `json:"resources"`
	// More is set when --limit left some out.
	More bool `json:"more"`
}

func listInventory(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	q := operator.ResourceQuery{
		ResourceFilter: catalog.ResourceFilter{
			Kinds: choices(&c, ctx, "kind", resource.Kinds()), Account: c.account(ctx),
			Region: ctx.String("region"), IncludeGone: ctx.Bool("gone"),
		},
		Unprotected: ctx.Bool("unprotected"), Limit: c.limit(ctx, maxInventoryLimit),
	}
	if err := c.err(); err != nil {
		return err
	}
	found, err := d.do.ListResources(ctx.Context, q)
	if err != nil {
		return err
	}
	list := inventoryList{found.Resources, found.Next != ""}
	if err := d.print(list, func() error { return d.inventoryTable(list) }); err != nil {
		return err
	}
	if q.Unprotected && len(list.Resources) > 0 {
		return d.outcome(codeAttention, "%d resources are backed up by nothing", len(list.Resources))
	}
	return nil
}

func (d *desk) inventoryTable(list inventoryList) error {
	if len(list.Resources) == 0 {
		d.line("no resources")
		return nil
	}
	rows := make([][]string, len(list.Resources))
	for i, r := range list.Resources {
		rows[i] = []string{string(r.Kind), r.Account, r.Region, instantText(r.SeenAt), protectionText(r), r.ARN}
	}
	if err := table(d.env.Stdout, []string{"KIND", "ACCOUNT", "REGION", "SEEN", "PLANS", "RESOURCE"}, rows); err != nil {
		return err
	}
	if list.More {
		d.note("there are more: narrow the list or raise --limit")
	}
	return nil
}

func protectionText(r operator.ResourceEntry) string {
	switch {
	case !r.GoneAt.IsZero():
		return "gone since " + instantText(r.GoneAt)
	case r.Unsupported != "":
		return "cannot be backed up: " + r.Unsupported
	case len(r.Plans) == 0:
		return "none"
	default:
		return joined(r.Plans)
	}
}
