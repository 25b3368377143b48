package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/awssession"
)

func jobsShowCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show everything about a job: fields, why it waits, timeline, chain", ArgsUsage: "ID",
		Description: "Of a job that has not begun it says why: which key is full, who holds it, the job's place and\n" +
			"an estimate with how it was computed. Also prints what CloudTrail's userAgent field holds for\n" +
			"the job's calls to AWS, and the queries that find them: of the last 90 days with the AWS command\n" +
			"line, and in the bucket of a trail with Athena.\n\n" +
			"Example:\n\n   holdfast jobs show 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags:  []cli.Flag{configFlag()},
		Action: deskAction(env, showJob),
	}
}

// jobDetails is what `jobs show --output json` prints.
type jobDetails struct {
	Job    catalog.Job     `json:"job"`
	Events []catalog.Event `json:"events"` // oldest first
	Chain  []catalog.Job   `json:"chain"`  // the backup the chain began with, its copies and what became of them
	// Waiting says why a job has not begun; null when it has.
	Waiting *waiting `json:"waiting"`
	// UserAgent is the text in the user agent of every AWS call the job made, and CloudTrail
	// the queries that find those calls.
	UserAgent  string     `json:"cloudtrail_user_agent"`
	CloudTrail cloudTrail `json:"cloudtrail"`
}

// maxEvents bounds the timeline; a job has a few dozen events.
const maxEvents = 1000

func showJob(ctx *cli.Context, d *desk) error {
	if ctx.NArg() != 1 {
		return badInput("name one job: see `holdfast jobs list`")
	}
	job, err := d.job(ctx.Context, ctx.Args().First())
	if err != nil {
		return err
	}
	details := jobDetails{Job: job, UserAgent: awssession.UserAgentOf(job.ID), CloudTrail: cloudTrailOf(job, d.clock.Now())}
	events, err := d.store.Events(ctx.Context, catalog.EventFilter{JobID: job.ID, Limit: maxEvents})
	if err != nil {
		return err
	}
	details.Events = append([]catalog.Event{}, events...)
	if details.Chain, err = d.chain(ctx.Context, job.ChainID); err != nil {
		return err
	}
	if details.Waiting, err = d.whyWaiting(ctx.Context, job); err != nil {
		return err
	}
	return d.print(details, func() error { return d.jobText(details) })
}

// chain returns the jobs of a chain, oldest first.
func (d *desk) chain(ctx context.Context, id string) ([]catalog.Job, error) {
	jobs, err := d.store.ListJobs(ctx, catalog.JobFilter{ChainID: id, Limit: maxListLimit})
	if err != nil {
		return nil, err
	}
	jobs = append([]catalog.Job{}, jobs...)
	slices.Reverse(jobs)
	return jobs, nil
}

func (d *desk) jobText(details jobDetails) error {
	if err := fields(d.env.Stdout, jobFields(details.Job)); err != nil {
		return err
	}
	d.line("CloudTrail   userAgent contains %q", details.UserAgent)
	d.line("  lookup     %s", details.CloudTrail.Lookup)
	d.line("  Athena     %s", details.CloudTrail.Athena)
	if details.Waiting != nil {
		d.waitingText(details.Waiting)
	}
	d.line("\nTimeline")
	for _, e := range details.Events {
		d.line("  %s  %s", instantText(e.At), eventText(e))
	}
	if len(details.Chain) < 2 {
		return nil
	}
	d.line("\nChain")
	return d.jobTable(details.Chain)
}

// eventText gives one event on one line.
func eventText(e catalog.Event) string {
	parts := []string{e.Type}
	if e.From != "" || e.To != "" {
		parts = append(parts, orDash(e.From)+" -> "+orDash(e.To))
	}
	if e.Class != "" {
		parts = append(parts, "["+string(e.Class)+"]")
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	return strings.Join(append(parts, "by "+e.Actor), "  ")
}

// jobFields lists every field that is set.
func jobFields(j catalog.Job) [][2]string {
	list := [][2]string{
		{"Job", j.ID}, {"Type", string(j.Type)}, {"State", string(j.State)},
		{"Class", string(j.Class)}, {"Message", j.Message},
		{"Resource", j.ResourceARN}, {"Kind", string(j.Kind)}, {"Engine", string(j.Engine)}, {"Where", j.Account + "/" + j.Region},
		{"Point", j.PointID}, {"Plan", j.Plan}, {"Rule", j.Rule}, {"Fire", instantText(j.FireAt)},
		{"Created", instantText(j.CreatedAt) + " by " + j.CreatedBy},
		{"Start by", instantText(j.StartBy)}, {"Complete by", instantText(j.CompleteBy)},
		{"Started", instantText(j.StartedAt)}, {"Ended", instantText(j.EndedAt)},
		{"AWS id", string(j.Ref)}, {"Attempts", numberText(j.Attempts)}, {"Retry at", instantText(j.RetryAt)},
		{"Next look", instantText(j.NextLookAt)}, {"Intent", intentText(j)},
		{"Retry of", j.RetryOf}, {"Parent", j.ParentID}, {"Chain", j.ChainID},
	}
	if j.State == catalog.Running && j.Progress >= 0 {
		list = append(list, [2]string{"Progress", fmt.Sprintf("%d%%", j.Progress)})
	}
	if j.CancelRequested {
		list = append(list, [2]string{"Cancel", "requested"})
	}
	return append(list, specFields(j)...)
}

// specFields lists the job's parameters.
func specFields(j catalog.Job) [][2]string {
	list := [][2]string{{"Vault", j.Spec.Vault}, {"KMS key", j.Spec.KMSKeyID}}
	if j.Type == driver.Backup || j.Type == driver.Copy {
		list = append(list, [2]string{"Retention", retentionText(j.Spec.DeleteAfter)})
	}
	for _, name := range slices.Sorted(maps.Keys(j.Spec.Tags)) {
		list = append(list, [2]string{"Tag", name + "=" + j.Spec.Tags[name]})
	}
	for _, c := range j.Spec.Copies {
		list = append(list, [2]string{"Copy to", c.Account + "/" + c.Region + ", " + retentionText(c.DeleteAfter)})
	}
	for _, name := range slices.Sorted(maps.Keys(j.Spec.Parameters)) {
		list = append(list, [2]string{"Set", name + "=" + j.Spec.Parameters[name]})
	}
	return list
}

func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func intentText(j catalog.Job) string {
	if !j.IntentOpen() {
		return ""
	}
	return "open until " + instantText(j.IntentUntil) + ", written by " + j.IntentOwner
}
