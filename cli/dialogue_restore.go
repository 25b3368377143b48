package cli

import (
	"crypto/rand"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/operator"
	"holdfast/web/frame"
)

// Limits of what a dialogue lists.
const (
	shownResources = 15
	shownPoints    = 20
	searchedPoints = 1000
)

// restore leads from a question to a restored resource. What was given by flags is kept.
// The plan that is shown and the restore have the same key, so that the calls are the same.
func (d *dialogue) restore(ctx *cli.Context, c *checks, r operator.RestoreRequest) error {
	if !r.At.IsZero() || r.PointInTime {
		c.add("--at", "goes with --resource: without it the moment is asked for")
	}
	if err := c.err(); err != nil {
		return err
	}
	if r.IdempotencyKey == "" {
		r.IdempotencyKey = "dialogue-" + strings.ToLower(rand.Text())
	}
	arn, err := d.whichResource(r)
	if err != nil {
		return err
	}
	plan, err := d.whichPoint(&r, arn)
	if err != nil {
		return err
	}
	if plan, err = d.review(&r, plan); err != nil {
		return err
	}
	if ctx.Bool("dry-run") {
		return nil
	}
	answer, err := d.ask("Restore now? These calls are made in account %s. Type yes:", plan.Jobs[0].Account)
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, "yes") {
		return errGivenUp
	}
	if err := ctx.Set("wait", "true"); err != nil {
		return err
	}
	r.DryRun = false
	done, err := d.do.Restore(ctx.Context, r)
	return d.show(ctx, done, err, d.restoreText)
}

// found is a resource that has recovery points.
type found struct {
	newest catalog.RecoveryPoint
	points int
}

// whichResource asks until a resource is chosen that has something to restore.
func (d *dialogue) whichResource(r operator.RestoreRequest) (string, error) {
	answer, err := d.ask("What shall be restored? Part of its name, ARN, account or region (Enter: what was backed up last):")
	for {
		if err != nil {
			return "", err
		}
		list, more, err := d.search(r, answer)
		if err != nil {
			return "", err
		}
		if len(list) == 0 {
			if answer, err = d.ask("Nothing that has a recovery point fits %q. Other words:", answer); err != nil {
				return "", err
			}
			continue
		}
		if err := d.offer(list, more); err != nil {
			return "", err
		}
		if answer, err = d.ask("Number, or other words to search for:"); err != nil {
			return "", err
		}
		if i, ok := chosen(answer, len(list)); ok {
			return list[i].newest.ResourceARN, nil
		}
	}
}

// search returns the resources whose points have the words of text, the one with the newest
// point first, and whether there are more.
func (d *dialogue) search(r operator.RestoreRequest, text string) (list []found, more bool, err error) {
	page, err := d.do.SearchPoints(d.ctx, catalog.PointFilter{
		States: []catalog.PointState{catalog.Available}, Account: r.Account, Region: r.Region, Text: text, Limit: searchedPoints,
	})
	if err != nil {
		return nil, false, err
	}
	index := map[string]int{}
	more = page.Next != ""
	for _, p := range page.Points {
		i, known := index[p.ResourceARN]
		switch {
		case known:
			list[i].points++
		case len(list) == shownResources:
			more = true
		default:
			index[p.ResourceARN] = len(list)
			list = append(list, found{p, 1})
		}
	}
	return list, more, nil
}

func (d *dialogue) offer(list []found, more bool) error {
	rows := make([][]string, len(list))
	for i, f := range list {
		p := f.newest
		rows[i] = []string{string(p.Kind), frame.ResourceName(p.ResourceARN), p.Account, p.Region, d.ago(p.CompletedAt), p.ResourceARN}
	}
	if err := d.list([]string{"KIND", "NAME", "ACCOUNT", "REGION", "LAST POINT", "RESOURCE"}, rows); err != nil {
		return err
	}
	if more {
		d.note("There are more: add words to narrow the search.")
	}
	return nil
}

func (d *dialogue) ago(t time.Time) string { return durationText(d.clock.Now().Sub(t)) + " ago" }

// whichPoint asks for a recovery point or a moment until there is one that can be restored,
// and returns the plan.
func (d *dialogue) whichPoint(r *operator.RestoreRequest, arn string) (operator.Outcome, error) {
	points, err := d.do.ListPoints(d.ctx, catalog.PointFilter{
		States: []catalog.PointState{catalog.Available}, ResourceARN: arn, Account: r.Account, Region: r.Region, Limit: shownPoints,
	})
	if err != nil {
		return operator.Outcome{}, err
	}
	rows := make([][]string, len(points))
	for i, p := range points {
		rows[i] = []string{instantText(p.CompletedAt), d.ago(p.CompletedAt), p.Account, p.Region, sizeText(p.SizeBytes), p.ID}
	}
	d.note("\nRecovery points of %s, newest first:", arn)
	if err := d.list([]string{"COMPLETED", "AGE", "ACCOUNT", "REGION", "SIZE", "POINT"}, rows); err != nil {
		return operator.Outcome{}, err
	}
	for {
		answer, err := d.ask("Number [1], a time for the last point before it (2026-05-05T12:00:00Z, or how long ago: 36h), or exact TIME for\nthat very moment from AWS's continuous backups:")
		if err != nil {
			return operator.Outcome{}, err
		}
		tried, problem := d.pointRequest(*r, arn, answer, points)
		if problem != nil {
			d.note("%v", problem)
			continue
		}
		plan, err := d.plan(tried)
		if err == nil {
			*r = tried
			return plan, nil
		}
		if !d.explained(err) {
			return plan, err
		}
	}
}

// pointRequest reads the answer of whichPoint.
func (d *dialogue) pointRequest(r operator.RestoreRequest, arn, answer string, points []catalog.RecoveryPoint) (operator.RestoreRequest, error) {
	if answer == "" {
		answer = "1"
	}
	if i, ok := chosen(answer, len(points)); ok {
		r.Point = points[i].ID
		return r, nil
	}
	text, exact := strings.CutPrefix(answer, "exact ")
	at, err := parseInstant(strings.TrimSpace(text), d.clock.Now())
	if err != nil {
		return r, err
	}
	r.Resource, r.At, r.PointInTime = arn, at, exact
	return r, nil
}

func (d *dialogue) plan(r operator.RestoreRequest) (operator.Outcome, error) {
	r.DryRun = true
	return d.do.Restore(d.ctx, r)
}

// explained prints what is wrong with a request; false for any other error.
func (d *dialogue) explained(err error) bool {
	var refusal *operator.Refusal
	if !errors.As(err, &refusal) {
		return false
	}
	for _, p := range refusal.Problems {
		d.note("%s", p.Message)
	}
	return true
}

// review shows the values and the calls, and lets any value be changed.
func (d *dialogue) review(r *operator.RestoreRequest, plan operator.Outcome) (operator.Outcome, error) {
	for {
		d.note("")
		if err := d.restoreText(plan); err != nil {
			return plan, err
		}
		answer, err := d.ask("\nNAME=VALUE changes a value, NAME= takes the change back, Enter goes on:")
		if err != nil || answer == "" {
			return plan, err
		}
		name, value, ok := strings.Cut(answer, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			d.note("%q is not NAME=VALUE", answer)
			continue
		}
		tried := *r
		tried.Parameters = changed(r.Parameters, name, strings.TrimSpace(value))
		next, err := d.plan(tried)
		switch {
		case err == nil:
			*r, plan = tried, next
		case !d.explained(err):
			return plan, err
		}
	}
}

// changed returns values with one set, or taken out when it is empty.
func changed(values map[string]string, name, value string) map[string]string {
	next := map[string]string{}
	maps.Copy(next, values)
	if next[name] = value; value == "" {
		delete(next, name)
	}
	return next
}
