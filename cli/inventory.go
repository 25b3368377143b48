package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/policy"
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
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "unprotected", Usage: "only resources nothing backs up"},
			&cli.BoolFlag{Name: "gone", Usage: "also resources that are no longer there"},
		}, listFlags(configFlag())...),
		Action: deskAction(env, listInventory),
	}
}

// inventoryList is what `inventory list --output json` prints.
type inventoryList struct {
	Resources []inventoryEntry `json:"resources"`
	// More is set when --limit left some out.
	More bool `json:"more"`
}

type inventoryEntry struct {
	catalog.InventoryItem
	Plans     []string `json:"plans"` // the plans that select it
	Protected bool     `json:"protected"`
}

// errEnough ends a listing at its limit.
var errEnough = errors.New("enough")

func listInventory(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	filter := catalog.ResourceFilter{
		Kinds: choices(&c, ctx, "kind", resource.Kinds()), Account: c.account(ctx),
		Region: ctx.String("region"), IncludeGone: ctx.Bool("gone"),
	}
	limit := c.limit(ctx, maxInventoryLimit)
	if err := c.err(); err != nil {
		return err
	}
	set, err := d.policies(ctx.Context)
	if err != nil {
		return err
	}
	list := inventoryList{Resources: []inventoryEntry{}}
	err = d.store.Resources(ctx.Context, filter, func(item catalog.InventoryItem) error {
		entry := newInventoryEntry(set, item)
		if ctx.Bool("unprotected") && (entry.Protected || !item.GoneAt.IsZero()) {
			return nil
		}
		if len(list.Resources) == limit {
			list.More = true
			return errEnough
		}
		list.Resources = append(list.Resources, entry)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if err := d.print(list, func() error { return d.inventoryTable(list) }); err != nil {
		return err
	}
	if ctx.Bool("unprotected") && len(list.Resources) > 0 {
		return d.outcome(codeAttention, "%d resources are backed up by nothing", len(list.Resources))
	}
	return nil
}

func newInventoryEntry(set *policy.Set, item catalog.InventoryItem) inventoryEntry {
	entry := inventoryEntry{InventoryItem: item, Plans: []string{}}
	for i := range set.Plans {
		if _, ok := set.Plans[i].Selects(item.Resource); ok {
			entry.Plans = append(entry.Plans, set.Plans[i].Name)
		}
	}
	entry.Protected = len(entry.Plans) > 0 && item.Unsupported == ""
	return entry
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

func protectionText(r inventoryEntry) string {
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
