package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// jobCommands are the commands about jobs. The first four only write the catalog: the
// leader submits what they wrote within a second.
func jobCommands(env Env) []*cli.Command {
	return []*cli.Command{
		backupCommand(env), copyCommand(env), restoreCommand(env), expireCommand(env), jobsCommand(env),
	}
}

// manualFlags are on every command that makes jobs.
func manualFlags(own ...cli.Flag) []cli.Flag {
	return append(own,
		configFlag(),
		&cli.StringFlag{Name: "idempotency-key", Usage: "the same `KEY` makes the same job, however often the command runs"},
		&cli.BoolFlag{Name: "wait", Usage: "show progress until the end and exit by the result"},
		waitTimeoutFlag(),
		&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done and change nothing"},
	)
}

// manualResult is what a command that makes jobs prints with --output json.
type manualResult struct {
	DryRun bool `json:"dry_run"`
	// Created counts the jobs that are new; the others existed under the same key.
	Created int `json:"created"`
	// Jobs are the jobs as stored; after --wait as they ended, follow-up copies included.
	// In a dry run without a key their ids are empty.
	Jobs []catalog.Job `json:"jobs"`
	// Point is the recovery point copied, restored or expired.
	Point *catalog.RecoveryPoint `json:"point,omitempty"`
	// Plan is what a restore will do on AWS.
	Plan *driver.RestorePlan `json:"plan,omitempty"`
	// Guards are what keeps a point from being expired, in a dry run.
	Guards []guard `json:"guards,omitempty"`
	// Fate is what the policy wants of a point to be expired, in a dry run.
	Fate *fate `json:"fate,omitempty"`
}

// manualID returns the id of a job somebody asked for: derived from the key when there is
// one, else fresh; empty in a dry run, where a fresh one would mean nothing.
func (d *desk) manualID(ctx *cli.Context) (string, error) {
	if key := ctx.String("idempotency-key"); key != "" {
		return catalog.JobID("manual", d.cfg.Installation, key), nil
	}
	if ctx.Bool("dry-run") {
		return "", nil
	}
	return catalog.NewManualID(rand.Reader, d.clock.Now())
}

// earlier returns the job the command made when it ran before under the same key; nil
// when it did not. Such a command asks for nothing new, so what has happened to its point
// since then does not matter.
func (d *desk) earlier(ctx *cli.Context) (*catalog.Job, error) {
	if !ctx.IsSet("idempotency-key") {
		return nil, nil //nolint:nilnil // no key, no earlier job
	}
	id, err := d.manualID(ctx)
	if err != nil {
		return nil, err
	}
	job, err := d.store.Job(ctx.Context, id)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil //nolint:nilnil // the key is new
	}
	return &job, err
}

// place carries out a manual command: inserts the jobs unless it is a dry run, prints
// them, and waits for them when asked to.
func (d *desk) place(ctx *cli.Context, r manualResult, text func(manualResult) error) error {
	if r.DryRun = ctx.Bool("dry-run"); r.DryRun {
		return d.print(r, func() error { return text(r) })
	}
	if err := d.insert(ctx.Context, &r); err != nil {
		return err
	}
	if !ctx.Bool("wait") {
		return d.print(r, func() error { return text(r) })
	}
	if !d.json {
		if err := text(r); err != nil {
			return err
		}
	}
	ended, err := d.await(ctx, r.Jobs)
	if err != nil {
		return err
	}
	r.Jobs = ended
	if err := d.print(r, func() error { return d.jobTable(ended) }); err != nil {
		return err
	}
	return d.verdict(ended)
}

// insert stores the jobs. A key that was used for something else is refused: it would
// silently do nothing.
func (d *desk) insert(ctx context.Context, r *manualResult) error {
	ids := make([]string, len(r.Jobs))
	for i, job := range r.Jobs {
		ids[i] = job.ID
	}
	if err := d.checkReuse(ctx, ids, r.Jobs); err != nil {
		return err
	}
	created, err := d.store.InsertJobs(ctx, r.Jobs)
	if failure.Is(err, failure.Held) {
		return badInput("%w: nothing was changed", err)
	}
	if err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	stored, err := d.store.JobsByID(ctx, ids)
	if err != nil {
		return fmt.Errorf("read the jobs back: %w", err)
	}
	for i, id := range ids {
		r.Jobs[i] = stored[id]
	}
	r.Created = created
	return d.countExpiry(ctx, r)
}

// expireAgainAfter is when the leader may try a point again whose deletion somebody asked
// for and that was not deleted.
const expireAgainAfter = 24 * time.Hour

// countExpiry counts a new deletion, so that the next one gets another id.
func (d *desk) countExpiry(ctx context.Context, r *manualResult) error {
	if r.Created == 0 || r.Jobs[0].Type != driver.Expire {
		return nil
	}
	return d.store.CountExpireAttempt(ctx, []string{r.Jobs[0].PointID}, d.clock.Now().Add(expireAgainAfter))
}

// checkReuse refuses jobs whose id exists for other work.
func (d *desk) checkReuse(ctx context.Context, ids []string, jobs []catalog.Job) error {
	existing, err := d.store.JobsByID(ctx, ids)
	if err != nil {
		return fmt.Errorf("look for earlier jobs: %w", err)
	}
	var c checks
	for _, job := range jobs {
		if old, ok := existing[job.ID]; ok && !sameWork(old, job) {
			c.add("--idempotency-key", "was used for job %s, a %s of %s with other parameters: use another key", old.ID, old.Type, old.ResourceARN)
		}
	}
	return c.err()
}

// sameWork reports whether two jobs ask for the same thing.
func sameWork(a, b catalog.Job) bool {
	return a.Type == b.Type && a.ResourceARN == b.ResourceARN && a.PointID == b.PointID &&
		a.Account == b.Account && a.Region == b.Region &&
		a.Spec.Vault == b.Spec.Vault && a.Spec.DeleteAfter == b.Spec.DeleteAfter && a.Spec.KMSKeyID == b.Spec.KMSKeyID &&
		slices.Equal(a.Spec.Copies, b.Spec.Copies) && maps.Equal(a.Spec.Parameters, b.Spec.Parameters)
}

// announce prints one line a job.
func (d *desk) announce(r manualResult) {
	for _, job := range r.Jobs {
		switch {
		case r.DryRun:
			d.line("would %s %s in %s/%s", job.Type, subject(job), job.Account, job.Region)
		default:
			d.line("%s %s: %s of %s in %s/%s", job.ID, job.State, job.Type, subject(job), job.Account, job.Region)
		}
	}
	if r.DryRun || r.Created == len(r.Jobs) {
		return
	}
	d.note("%d of %s existed already under this key", len(r.Jobs)-r.Created, counted(len(r.Jobs), "job"))
}

// subject names what a job works on.
func subject(job catalog.Job) string {
	if job.PointID != "" {
		return "recovery point " + job.PointID + " of " + job.ResourceARN
	}
	return job.ResourceARN
}

// retentionText says how long an artefact is kept.
func retentionText(days int) string {
	if days <= 0 {
		return "kept for ever"
	}
	return fmt.Sprintf("deleted after %d days", days)
}

// maxDeleteAfter is a hundred years in days; a longer wish is a typing mistake.
const maxDeleteAfter = 36500

// deleteAfter reads --delete-after in days.
func (c *checks) deleteAfter(ctx *cli.Context) int {
	days := ctx.Int("delete-after")
	if days < 0 || days > maxDeleteAfter || ctx.IsSet("delete-after") && days == 0 {
		c.add("--delete-after", "is %d: use 1 to %d days, or leave it out to keep the point for ever", days, maxDeleteAfter)
	}
	return days
}

// readKey refuses keys that cannot be told apart from others.
func (c *checks) readKey(ctx *cli.Context) {
	if key := ctx.String("idempotency-key"); ctx.IsSet("idempotency-key") && (key == "" || len(key) > 256) {
		c.add("--idempotency-key", "has %d characters: use 1 to 256", len(key))
	}
	if timeout := ctx.Duration("timeout"); timeout < time.Second {
		c.add("--timeout", "is %s: use at least 1s", timeout)
	}
}
