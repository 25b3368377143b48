package cli

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/internal/clock"
	"holdfast/sim"
)

// simCommand serves a simulated organization to other processes.
func simCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "sim", Usage: "a simulated AWS organization",
		Subcommands: []*cli.Command{{
			Name: "serve", Usage: "serve one simulated organization to other processes of this machine",
			Description: "Set aws.simulator_url to the printed address. --policy-out writes a policy that\n" +
				"fits the organization.\n\nExample:\n\n   holdfast sim serve --listen 127.0.0.1:4567 --resources 200",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "listen", Value: "127.0.0.1:4567", Usage: "loopback `ADDRESS`; port 0 takes a free one"},
				&cli.IntFlag{Name: "accounts", Value: 3, Usage: "accounts in the organization"},
				&cli.IntFlag{Name: "regions", Value: 2, Usage: "regions"},
				&cli.IntFlag{Name: "resources", Value: 100, Usage: "volumes, DB instances and tables"},
				&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "the same seed gives the same organization"},
				&cli.Float64Flag{Name: "pace", Value: 1, Usage: "how long operations take: 0.1 is ten times as fast as AWS"},
				&cli.PathFlag{Name: "policy-out", Usage: "write the organization's backup policy to `FILE`"},
			},
			Action: func(ctx *cli.Context) error { return serveSim(ctx, env) },
		}},
	}
}

func serveSim(ctx *cli.Context, env Env) error {
	company, err := sim.Generate(sim.GenerateOptions{
		Accounts: ctx.Int("accounts"), Regions: ctx.Int("regions"), Resources: ctx.Int("resources"), Seed: ctx.Uint64("seed"),
		Organization: sim.Options{Clock: clock.System(), Pace: ctx.Float64("pace")},
	})
	if err != nil {
		return badInput("%w", err)
	}
	if path := ctx.Path("policy-out"); path != "" {
		if err := os.WriteFile(path, []byte(company.Policy), 0o600); err != nil {
			return fmt.Errorf("write the policy: %w", err)
		}
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx.Context, "tcp", ctx.String("listen"))
	if err != nil {
		return fmt.Errorf("listen on %s: %w", ctx.String("listen"), err)
	}
	if err := announceSim(ctx, env, company, "http://"+listener.Addr().String()); err != nil {
		return err
	}
	return sim.Serve(ctx.Context, company.Organization, listener)
}

// announceSim prints what a configuration needs to know.
func announceSim(ctx *cli.Context, env Env, company *sim.Company, url string) error {
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, map[string]any{
			"url": url, "accounts": company.Accounts(), "regions": company.Regions(), "resources": company.Resources,
		})
	}
	_, err := fmt.Fprintf(env.Stdout, "serving on %s\naws:\n  simulator_url: %s\n  regions: [%s]\n  accounts: {ids: [%s]}\n",
		url, url, strings.Join(company.Regions(), ", "), quoted(company.Accounts()))
	return err
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, ", ")
}
