package cli

import (
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/resource"
)

// driverCommand lists what this binary can protect; it needs no configuration.
func driverCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "driver", Usage: "the kinds of resources this binary can protect",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the kinds with what they can do, AWS's quotas, IAM actions and restore parameters",
				Description: "Examples:\n\n   holdfast driver list\n   holdfast driver list --output json | jq '.drivers[].actions.backup'",
				Action:      func(ctx *cli.Context) error { return listDrivers(ctx, env) },
			},
			verifyCommand(env), iamCommand(env),
		},
	}
}

// driverRow is one engine of one kind in the JSON of driver list.
type driverRow struct {
	Kind        resource.Kind                 `json:"kind"`
	Engine      driver.Engine                 `json:"engine"`
	Default     bool                          `json:"default"` // the engine taken when a rule names none
	Title       string                        `json:"title"`
	ARNPattern  string                        `json:"arn_pattern"`
	CopyRegion  bool                          `json:"copy_region"`
	CopyAccount bool                          `json:"copy_account"`
	Quotas      []driverQuota                 `json:"quotas"`
	Actions     map[resource.Purpose][]string `json:"actions"`
	Restore     []driverParameter             `json:"restore_parameters"`
}

type driverQuota struct {
	Operation   driver.Operation `json:"operation"`
	Concurrency int              `json:"concurrency"` // per account and region
	Source      string           `json:"source"`
}

type driverParameter struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Recorded    bool   `json:"recorded"` // a value is recorded at backup time
	Required    bool   `json:"required"` // must be given when none is recorded
}

func listDrivers(ctx *cli.Context, env Env) error {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	var rows []driverRow
	registry := all.New(nil)
	for _, drv := range registry.All() {
		row := newDriverRow(drv.Descriptor())
		row.Engine = driver.EngineOf(drv)
		row.Default = row.Engine == registry.DefaultEngine(row.Kind)
		rows = append(rows, row)
	}
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, map[string]any{"drivers": rows})
	}
	cells := make([][]string, 0, len(rows))
	for _, r := range rows {
		cells = append(cells, []string{
			string(r.Kind), string(r.Engine), r.Title, yesNo(r.CopyRegion), yesNo(r.CopyAccount), quotaOf(r, driver.Backup), quotaOf(r, driver.Copy), r.ARNPattern,
		})
	}
	return table(env.Stdout, []string{"KIND", "ENGINE", "TITLE", "COPY REGION", "COPY ACCOUNT", "BACKUP QUOTA", "COPY QUOTA", "ARN"}, cells)
}

func newDriverRow(d driver.Descriptor) driverRow {
	row := driverRow{
		Kind: d.Kind, Title: d.Title, ARNPattern: d.ARNPattern, CopyRegion: d.CopyRegion, CopyAccount: d.CopyAccount,
		Quotas: []driverQuota{}, Actions: d.Actions, Restore: []driverParameter{},
	}
	for _, q := range d.Quotas {
		row.Quotas = append(row.Quotas, driverQuota{Operation: q.Operation, Concurrency: q.Limit, Source: q.Source})
	}
	for _, p := range d.Restore {
		row.Restore = append(row.Restore, driverParameter(p))
	}
	return row
}

// quotaOf gives AWS's limit on an operation, "-" where AWS states none.
func quotaOf(r driverRow, operation driver.Operation) string {
	at := slices.IndexFunc(r.Quotas, func(q driverQuota) bool { return q.Operation == operation })
	if at < 0 {
		return "-"
	}
	return strconv.Itoa(r.Quotas[at].Concurrency)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
