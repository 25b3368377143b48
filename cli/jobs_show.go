package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/internal/awscall"
	"holdfast/operator"
)

func jobsShowCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show everything about a job: fields, why it waits, timeline, chain", ArgsUsage: "ID",
		Description: "Of a job that has not begun it says why: which key is full, who holds it, the job's place and\n" +
			"an estimate with how it was computed. The timeline has every call that was made to AWS, with\n" +
			"the answer and AWS's request id. Also prints what CloudTrail's userAgent field holds for\n" +
			"the job's calls to AWS, and the queries that find them: of the last 90 days with the AWS command\n" +
			"line, and in the bucket of a trail with Athena.\n\n" +
			"Example:\n\n   holdfast jobs show 6mpz72yzs7geu2grkcuv6eq3hw",
		Flags:  serverFlags(),
		Action: serviceAction(env, showJob),
	}
}

func showJob(ctx *cli.Context, d *desk) error {
	if ctx.NArg() != 1 {
		return badInput("name one job: see `holdfast jobs list`")
	}
	details, err := d.do.ShowJob(ctx.Context, strings.ToLower(ctx.Args().First()))
	if errors.Is(err, catalog.ErrNotFound) {
		return d.noJob(ctx.Args().First())
	}
	if err != nil {
		return err
	}
	return d.print(details, func() error { return d.jobText(details) })
}

func (d *desk) jobText(details operator.JobDetails) error {
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
		calls := awscall.Parse(e.Data)
		for _, call := range calls.Calls {
			d.line("      %s", callText(call))
		}
		if calls.LeftOut > 0 {
			d.line("      and %s in between", counted(calls.LeftOut, "call"))
		}
	}
	if len(details.Chain) < 2 {
		return nil
	}
	d.line("\nChain")
	return d.jobTable(details.Chain)
}

// callText gives one AWS call on one line.
func callText(c awscall.Call) string {
	answer := c.Code
	if c.Status != 0 {
		answer = strings.TrimSpace(fmt.Sprintf("%d %s", c.Status, c.Code))
	}
	text := fmt.Sprintf("%s  %s/%s  %s in %.0f ms", c.Operation, orDash(c.Account), c.Region, answer, c.Millis)
	if c.RequestID != "" {
		text += ", request " + c.RequestID
	}
	if c.Attempt > 1 {
		text += fmt.Sprintf(", attempt %d", c.Attempt)
	}
	return text + ", at " + instantText(c.At)
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

// waitingText prints why a job waits.
func (d *desk) waitingText(w *operator.Waiting) {
	if w.Note != "" {
		d.note("%s", w.Note)
	}
	d.line("\nWaiting")
	d.line("  %s", w.Message)
	if w.Ahead != nil {
		d.line("  %s before it in its line", counted(*w.Ahead, "job"))
	}
	for _, h := range w.HeldBy {
		since := ""
		if !h.Since.IsZero() {
			since = " for " + durationText(d.clock.Now().Sub(h.Since))
		}
		d.line("  held by %s%s: %s %s %s", h.JobID, since, orDash(h.State), orDash(h.Type), h.Resource)
	}
	if w.Estimate != nil {
		d.line("  begins in about %s: %s", durationText(w.Estimate.After()), w.Estimate.How)
	}
}
