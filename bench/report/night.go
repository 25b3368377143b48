package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// The night: accounts and resources of a large organization.
const (
	accounts  = 1000
	resources = 100_000 // that a night backs up again and again
	nightLong = 8 * time.Hour
	page      = 20_000
	pointPage = 2_000
)

var night = time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)

func account(n int) string { return fmt.Sprintf("%012d", 100000000000+n%accounts) }

// units puts every account into one of twenty units.
func units() map[string]string {
	all := map[string]string{}
	for n := range accounts {
		all[account(n)] = fmt.Sprintf("unit-%d/team-%d", n%4, n%20)
	}
	return all
}

func volume(n int) resource.Resource {
	n %= resources
	r := resource.Resource{
		Kind: resource.EBS, Account: account(n), Region: fmt.Sprintf("eu-central-%d", n/accounts%4), Name: fmt.Sprintf("vol-%017x", n),
		Tags: map[string]string{"team": fmt.Sprintf("team-%d", n%50), "environment": "production"},
	}
	r.ARN = fmt.Sprintf("arn:aws:ec2:%s:%s:volume/%s", r.Region, r.Account, r.Name)
	return r
}

// job is backup n of the night: one in fifty did not complete.
func job(n, of int) catalog.Job {
	at := night.Add(time.Duration(int64(nightLong) / int64(of) * int64(n)))
	j := catalog.NewBackup(catalog.JobID("bench", fmt.Sprint(n)), volume(n), "aws", "scheduler", at)
	j.Plan, j.Rule, j.FireAt = fmt.Sprintf("plan-%d", n%7), "nightly", night
	j.State = catalog.Completed
	j.StartedAt, j.EndedAt = at.Add(time.Minute), at.Add(time.Minute+time.Duration(n*7919%5_000_000)*time.Millisecond)
	if n%50 == 0 {
		j.State, j.Class, j.Message = catalog.Failed, failure.Denied, "AccessDenied: not authorized to perform ec2:CreateSnapshot"
	}
	return j
}

// fill stores inventory, jobs and points.
func fill(ctx context.Context, store *sqlstore.Store, jobs int, progress io.Writer) error {
	if err := fillInventory(ctx, store); err != nil {
		return err
	}
	for from := 0; from < jobs; from += page {
		to := min(from+page, jobs)
		batch := make([]catalog.Job, 0, to-from)
		for n := from; n < to; n++ {
			batch = append(batch, job(n, jobs))
		}
		if _, err := store.InsertJobs(ctx, batch); err != nil {
			return err
		}
		if err := fillPoints(ctx, store, batch); err != nil {
			return err
		}
		fmt.Fprintf(progress, "%d of %d jobs\n", to, jobs)
	}
	return nil
}

func fillInventory(ctx context.Context, store *sqlstore.Store) error {
	byScope := map[string][]resource.Resource{}
	for n := range resources {
		v := volume(n)
		byScope[v.Region] = append(byScope[v.Region], v)
	}
	for region, list := range byScope {
		for from := 0; from < len(list); from += page {
			sync := catalog.InventorySync{
				Scope:     catalog.InventoryScope{Partition: "aws", Account: account(0), Region: region, Kind: resource.EBS},
				StartedAt: night, EndedAt: night, Resources: list[from:min(from+page, len(list))],
			}
			if err := store.SyncInventory(ctx, sync); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillPoints stores the points of completed jobs, many with one commit of a job that is
// there for nothing else.
func fillPoints(ctx context.Context, store *sqlstore.Store, jobs []catalog.Job) error {
	for from := 0; from < len(jobs); from += pointPage {
		batch := jobs[from:min(from+pointPage, len(jobs))]
		carrier := catalog.NewBackup("carrier-"+batch[0].ID, volume(0), "aws", "bench", night.Add(-time.Hour))
		if _, err := store.InsertJobs(ctx, []catalog.Job{carrier}); err != nil {
			return err
		}
		carrier.Version = 1
		m, err := catalog.Change(carrier, catalog.Aborted, night.Add(-time.Hour), "bench", nil)
		if err != nil {
			return err
		}
		for _, j := range batch {
			if j.State == catalog.Completed {
				seen := driver.Point{Ref: driver.Ref("snap-" + j.ID), CreatedAt: j.StartedAt, SizeBytes: 100 << 30}
				m.Points = append(m.Points, catalog.CompletedPoint(j, seen, resource.Resource{ARN: j.ResourceARN}, "bench", j.EndedAt))
			}
		}
		if _, err := store.Commit(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
