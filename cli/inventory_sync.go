package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/resource"
)

// Limits of a sync from the command line.
const (
	syncParallel = 16
	scopeTimeout = 10 * time.Minute
)

func inventorySyncCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "sync", Usage: "list the resources of every account and region now",
		Description: "The scheduler does so by itself every hour; this command does it in its own process, without the\n" +
			"queue. A listing that fails removes nothing. Exit code 3: some listings failed; 1: all did.\n\n" +
			"Examples:\n\n   holdfast inventory sync\n   holdfast inventory sync --account 111122223333 --region eu-west-1",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringSliceFlag{Name: "kind", Usage: "only these `KINDS`"},
			&cli.StringFlag{Name: "account", Usage: "only this `ACCOUNT`"},
			&cli.StringFlag{Name: "region", Usage: "only this `REGION`"},
		},
		Action: func(ctx *cli.Context) error { return syncInventory(ctx, env) },
	}
}

// syncResult is what `inventory sync --output json` prints.
type syncResult struct {
	Scopes []catalog.InventoryScope `json:"scopes"` // each with how its listing went
	Failed int                      `json:"failed"`
}

func syncInventory(ctx *cli.Context, env Env) error {
	cfg, err := loadConfig(ctx, env)
	if err != nil {
		return err
	}
	// The command says itself which listings failed; the log would say it twice.
	a, err := app.New(ctx.Context, app.Options{Config: cfg, Clock: env.Clock, Log: zerolog.Nop(), WithoutRedis: true})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // everything was committed by then
	d := &desk{env: env, cfg: cfg, store: a.Store, clock: env.Clock, drivers: a.Drivers, json: jsonWanted(ctx)}
	scopes, err := d.syncScopes(ctx, a)
	if err != nil {
		return err
	}
	if err := d.syncAll(ctx.Context, a, scopes); err != nil {
		return err
	}
	return d.syncReport(ctx.Context, scopes)
}

// syncScopes returns the scopes to list.
func (d *desk) syncScopes(ctx *cli.Context, a *app.App) ([]catalog.InventoryScope, error) {
	var c checks
	c.noArguments(ctx)
	kinds := choices(&c, ctx, "kind", a.Drivers.Kinds())
	if len(kinds) == 0 {
		kinds = a.Drivers.Kinds()
	}
	accounts, err := a.Accounts(ctx.Context)
	if err != nil {
		return nil, err
	}
	accounts = c.narrow(ctx, "account", accounts)
	regions := c.narrow(ctx, "region", d.cfg.AWS.Regions)
	if err := c.err(); err != nil {
		return nil, err
	}
	var scopes []catalog.InventoryScope
	for _, account := range accounts {
		for _, region := range regions {
			for _, kind := range kinds {
				scopes = append(scopes, catalog.InventoryScope{Partition: d.cfg.AWS.Partition, Account: account, Region: region, Kind: kind})
			}
		}
	}
	return scopes, nil
}

// narrow returns the one of all the flag names, all when it names none.
func (c *checks) narrow(ctx *cli.Context, flag string, all []string) []string {
	value := ctx.String(flag)
	if value == "" {
		return all
	}
	if one, ok := oneOf(value, all); ok {
		return []string{one}
	}
	c.add("--"+flag, "%q is none of the configured ones: %s", value, joined(all))
	return nil
}

// syncAll lists every scope, some at once, telling how far it is.
func (d *desk) syncAll(ctx context.Context, a *app.App, scopes []catalog.InventoryScope) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(syncParallel)
	var mu sync.Mutex
	done := 0
	for _, scope := range scopes {
		group.Go(func() error {
			limited, cancel := context.WithTimeout(ctx, scopeTimeout)
			defer cancel()
			if err := a.Engine.SyncInventory(limited, scope); err != nil {
				return fmt.Errorf("list %s/%s/%s: %w", scope.Account, scope.Region, scope.Kind, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; !d.json && (done%100 == 0 || done == len(scopes)) {
				d.note("%d of %d scopes listed", done, len(scopes))
			}
			return nil
		})
	}
	return group.Wait()
}

// syncReport prints how each listing went, as the catalog has it.
func (d *desk) syncReport(ctx context.Context, asked []catalog.InventoryScope) error {
	known, err := d.store.InventoryScopes(ctx)
	if err != nil {
		return err
	}
	type key struct {
		account, region string
		kind            resource.Kind
	}
	found := map[key]catalog.InventoryScope{}
	for _, s := range known {
		found[key{s.Account, s.Region, s.Kind}] = s
	}
	result := syncResult{Scopes: []catalog.InventoryScope{}}
	for _, s := range asked {
		s = found[key{s.Account, s.Region, s.Kind}]
		result.Scopes = append(result.Scopes, s)
		if s.Class != "" {
			result.Failed++
		}
	}
	if err := d.print(result, func() error { return d.syncTable(result) }); err != nil {
		return err
	}
	switch result.Failed {
	case 0:
		return nil
	case len(asked):
		return d.outcome(codeFailed, "every listing failed")
	default:
		return d.outcome(codeAttention, "%d of %d listings failed; what they would have shown is kept as it was", result.Failed, len(asked))
	}
}

func (d *desk) syncTable(r syncResult) error {
	rows := make([][]string, len(r.Scopes))
	for i, s := range r.Scopes {
		rows[i] = []string{s.Account, s.Region, string(s.Kind), fmt.Sprint(s.Resources), instantText(s.SyncedAt), orDash(string(s.Class)), orDash(s.Message)}
	}
	return table(d.env.Stdout, []string{"ACCOUNT", "REGION", "KIND", "RESOURCES", "COMPLETE", "CLASS", "MESSAGE"}, rows)
}
