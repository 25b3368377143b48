package cli

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/api"
	"holdfast/catalog"
	"holdfast/operator"
	"holdfast/policy/preview"
)

// service is what commands need that work here and through a server's API alike. Here it
// is a local, there a client.
type service interface {
	records
	Backup(ctx context.Context, r operator.BackupRequest) (operator.Outcome, error)
	Copy(ctx context.Context, r operator.CopyRequest) (operator.Outcome, error)
	Restore(ctx context.Context, r operator.RestoreRequest) (operator.Outcome, error)
	Expire(ctx context.Context, r operator.ExpireRequest) (operator.Outcome, error)
	Cancel(ctx context.Context, ids []string) ([]operator.Change, error)
	Retry(ctx context.Context, ids []string) ([]operator.Change, error)
	Release(ctx context.Context, ids []string) ([]operator.Change, error)
	SetLimit(ctx context.Context, r operator.LimitRequest) (operator.LimitOutcome, error)
	AddHold(ctx context.Context, r operator.HoldRequest) ([]catalog.Hold, error)
	RemoveHold(ctx context.Context, r operator.HoldRequest) ([]catalog.Hold, error)
	LockVault(ctx context.Context, r operator.LockRequest) (catalog.VaultLock, error)
	UnlockVault(ctx context.Context, vault, reason string) error
	Approve(ctx context.Context, r operator.ApproveRequest) error
	ShowJob(ctx context.Context, id string) (operator.JobDetails, error)
	ShowPoint(ctx context.Context, id string) (operator.PointDetails, error)
	ListLimits(ctx context.Context) (operator.LimitList, error)
	ListResources(ctx context.Context, q operator.ResourceQuery) (operator.ResourceList, error)
	ListAccounts(ctx context.Context) (operator.AccountList, error)
	Preview(ctx context.Context, r operator.PreviewRequest) (preview.Report, error)
	EffectivePolicy(ctx context.Context, r operator.EffectiveRequest) (operator.Effective, error)
}

// records are the part of the catalog such commands read.
type records interface {
	Job(ctx context.Context, id string) (catalog.Job, error)
	JobsByID(ctx context.Context, ids []string) (map[string]catalog.Job, error)
	ListJobs(ctx context.Context, f catalog.JobFilter) ([]catalog.Job, error)
	Point(ctx context.Context, id string) (catalog.RecoveryPoint, error)
	ListPoints(ctx context.Context, f catalog.PointFilter) ([]catalog.RecoveryPoint, error)
	SearchPoints(ctx context.Context, f catalog.PointFilter) (catalog.PointPage, error)
	HeldPoints(ctx context.Context, kind catalog.HoldKind, limit int) ([]catalog.Hold, error)
	VaultLocks(ctx context.Context) ([]catalog.VaultLock, error)
	Stops(ctx context.Context) ([]catalog.Stop, error)
	SearchEvents(ctx context.Context, f catalog.EventSearch) (catalog.EventPage, error)
}

// local is the service of a command that reads the configuration and the catalog itself.
type local struct {
	*operator.Desk
	records
}

var (
	_ service = local{}
	_ service = (*client)(nil)
)

// serverFlags are on the commands that can work through a server.
func serverFlags(own ...cli.Flag) []cli.Flag {
	return append(append(own, configFlag()), throughFlags()...)
}

// throughFlags name a server and who asks it.
func throughFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", EnvVars: []string{"HOLDFAST_SERVER"}, Usage: "work through the API at `URL`, without configuration and database"},
		&cli.StringFlag{Name: "token", EnvVars: []string{"HOLDFAST_TOKEN"}, Usage: "with --server: `TOKEN` of the API; others on this machine see it, --token-file is better"},
		&cli.StringFlag{Name: "token-file", EnvVars: []string{"HOLDFAST_TOKEN_FILE"}, Usage: "with --server: `FILE` whose first line is the token", TakesFile: true},
	}
}

// serviceAction is the action of a command that works at a desk or through a server. The
// desk of the latter has neither configuration nor catalog.
func serviceAction(env Env, do func(*cli.Context, *desk) error) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		if ctx.String("server") == "" {
			return deskAction(env, do)(ctx)
		}
		c, err := newClient(ctx)
		if err != nil {
			return err
		}
		return do(ctx, &desk{env: env, clock: env.Clock, json: jsonWanted(ctx), do: c, where: "of " + ctx.String("server")})
	}
}

func newClient(ctx *cli.Context) (*client, error) {
	u, err := url.Parse(strings.TrimSuffix(ctx.String("server"), "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, badInput("--server: %q is no address of a server: write one like https://backup.example.com", ctx.String("server"))
	}
	token := ctx.String("token")
	if file := ctx.String("token-file"); file != "" {
		if token != "" {
			return nil, badInput("--token-file: give either --token or --token-file")
		}
		f, err := os.Open(file) //nolint:gosec // the file the user named
		if err != nil {
			return nil, badInput("--token-file: %w", err)
		}
		defer func() { _ = f.Close() }()
		if token, err = firstLine(f); err != nil {
			return nil, err
		}
	}
	return &client{base: u.String() + api.Prefix, token: strings.TrimSpace(token), http: &http.Client{Timeout: callTimeout}}, nil
}
