package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/access"
	"holdfast/app"
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/internal/clock"
	"holdfast/operator"
)

// desk is what a command works with that reads and writes the catalog only: no Redis, no
// AWS. The leader carries what it writes to the queue within a second.
type desk struct {
	env      Env
	cfg      *config.Config
	store    catalog.Store
	clock    clock.Clock
	drivers  *driver.Registry // describe and plan; they refuse to call AWS
	act      *operator.Desk   // what can be done by hand, by whoever typed the command
	do       service          // act and store, or a server that has them
	where    string           // which catalog, in messages
	json     bool
	withheld []string // groups of accounts whose organization policy policies found invalid
}

// deskAction is the action of a command that works at a desk.
func deskAction(env Env, do func(*cli.Context, *desk) error) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		cfg, err := loadConfig(ctx, env)
		if err != nil {
			return err
		}
		store, err := app.OpenCatalog(ctx.Context, cfg, env.Clock)
		if err != nil {
			return err
		}
		d := &desk{
			env: env, cfg: cfg, store: store, clock: env.Clock, drivers: app.PlanningDrivers(cfg),
			json: jsonWanted(ctx),
		}
		// Who can read the configuration and write the database may do everything.
		who := access.Actor{Name: userOf(env.Environ), Role: access.Admin}
		office := app.NewOffice(cfg, store, env.Clock, d.drivers, d.policies)
		office.Withheld = func(context.Context) ([]string, error) { return d.withheld, nil } // as policies found it
		d.act = office.For(who)
		d.do, d.where = local{d.act, store}, "in the catalog "+cfg.Catalog.DSN.String()
		return errors.Join(do(ctx, d), store.Close())
	}
}

// userOf names who typed the command. The environment comes first: sudo and CI systems
// keep the person there. Containers have none of these, but a user of their own.
func userOf(environ []string) string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		for _, pair := range environ {
			if value, ok := strings.CutPrefix(pair, name+"="); ok && value != "" {
				return value
			}
		}
	}
	if account, err := user.Current(); err == nil {
		return account.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

// outcome ends a command that has printed its result with an exit code of its own. A
// JSON document has said everything, so nothing is added to it.
func (d *desk) outcome(code int, format string, args ...any) error {
	return &exitError{code: code, err: fmt.Errorf(format, args...), silent: d.json}
}

// print writes the result: doc as JSON, or what text writes.
func (d *desk) print(doc any, text func() error) error {
	if d.json {
		return printJSON(d.env.Stdout, doc)
	}
	return text()
}

// line writes one line of text to the result.
func (d *desk) line(format string, args ...any) {
	fmt.Fprintf(d.env.Stdout, format+"\n", args...)
}

// note tells the person at the terminal something that is no result.
func (d *desk) note(format string, args ...any) {
	fmt.Fprintf(d.env.Stderr, format+"\n", args...)
}

// job returns the job id names; an unknown one is bad input.
func (d *desk) job(ctx context.Context, id string) (catalog.Job, error) {
	job, err := d.do.Job(ctx, strings.ToLower(id))
	if errors.Is(err, catalog.ErrNotFound) {
		return catalog.Job{}, d.noJob(id)
	}
	return job, err
}

// noJob says that id names no job.
func (d *desk) noJob(id string) error {
	return badInput("there is no job %q %s: see `holdfast jobs list`", id, d.where)
}

// jobs returns the jobs ids name, in that order; all unknown ones are reported at once.
func (d *desk) jobs(ctx context.Context, ids []string) ([]catalog.Job, error) {
	if len(ids) == 0 {
		return nil, badInput("name at least one job: see `holdfast jobs list`")
	}
	lower := make([]string, len(ids))
	for i, id := range ids {
		lower[i] = strings.ToLower(id)
	}
	found, err := d.do.JobsByID(ctx, lower)
	if err != nil {
		return nil, err
	}
	var c checks
	jobs := make([]catalog.Job, 0, len(ids))
	for i, id := range lower {
		job, ok := found[id]
		if !ok {
			c.add("", "there is no job %q %s: see `holdfast jobs list`", ids[i], d.where)
			continue
		}
		jobs = append(jobs, job)
	}
	return jobs, c.err()
}

// point returns the recovery point id names; an unknown one is bad input.
func (d *desk) point(ctx context.Context, id string) (catalog.RecoveryPoint, error) {
	point, err := d.do.Point(ctx, strings.ToLower(id))
	if errors.Is(err, catalog.ErrNotFound) {
		return catalog.RecoveryPoint{}, d.noPoint(id)
	}
	return point, err
}

// noPoint says that id names no recovery point.
func (d *desk) noPoint(id string) error {
	return badInput("there is no recovery point %q %s: see `holdfast points list`", id, d.where)
}
