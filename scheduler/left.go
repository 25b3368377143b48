package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

const (
	// leftEvery is how often the leader looks for jobs that wait for what will not come back.
	leftEvery = time.Minute
	// leftGrace is how long an account or a region may be away before what waits there ends:
	// a mistake in the configuration can be mended within a day at no loss.
	leftGrace = 24 * time.Hour
)

// Left is an account, or a region of one, that no job can be done in any more.
type Left struct {
	Account string
	Region  string        // empty: all of them
	Since   time.Time     // last seen to belong here
	Class   failure.Class // of the jobs that end because of it
	Reason  string
}

// Over reports whether its jobs are to end at now.
func (l Left) Over(now time.Time) bool { return now.Sub(l.Since) >= leftGrace }

// Concerns reports whether job is one that cannot be done. A region that is not configured
// any more may still take copies and restores.
func (l Left) Concerns(job catalog.Job) bool {
	if job.Account != l.Account || l.Region != "" && job.Region != l.Region {
		return false
	}
	return l.Class != failure.Unsupported || job.Type == driver.Backup
}

// FindLeft returns the accounts that were listed once and are not among accounts any more,
// the regions that were listed and are not configured any more, and the regions that refuse
// every call of an account whose role works elsewhere: AWS does so where a region is not
// enabled, as with an opt-in region that was switched off. Ordered by account and region;
// it is pure.
// Source: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
func FindLeft(scopes []catalog.InventoryScope, accounts, regions []string) []Left {
	departed := Departed(scopes, accounts)
	var found []Left
	for _, account := range departed {
		found = append(found, Left{
			Account: account, Since: latest(scopes, account, "", attempted), Class: failure.NotFound,
			Reason: "account " + account + " no longer belongs to the installation",
		})
	}
	for _, place := range places(scopes) {
		account, region := place[0], place[1]
		switch {
		case slices.Contains(departed, account):
		case !slices.Contains(regions, region):
			found = append(found, Left{
				Account: account, Region: region, Since: latest(scopes, account, region, attempted), Class: failure.Unsupported,
				Reason: "region " + region + " is not in aws.regions any more",
			})
		case catalog.RegionRefused(scopes, account, region):
			found = append(found, Left{
				Account: account, Region: region, Since: latest(scopes, account, region, synced), Class: failure.Denied,
				Reason: fmt.Sprintf("region %s refuses every call of account %s, whose role works elsewhere: it is not enabled there, or a policy denies it", region, account),
			})
		}
	}
	slices.SortFunc(found, func(a, b Left) int { return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region)) })
	return found
}

func attempted(s catalog.InventoryScope) time.Time { return s.AttemptedAt }
func synced(s catalog.InventoryScope) time.Time    { return s.SyncedAt }

// latest returns the latest of what at says of the listings of account in region, or in all.
func latest(scopes []catalog.InventoryScope, account, region string, at func(catalog.InventoryScope) time.Time) (t time.Time) {
	for _, s := range scopes {
		if s.Account == account && (region == "" || s.Region == region) && at(s).After(t) {
			t = at(s)
		}
	}
	return t
}

// places returns every account and region that was listed, once.
func places(scopes []catalog.InventoryScope) (list [][2]string) {
	seen := map[[2]string]bool{}
	for _, s := range scopes {
		if place := [2]string{s.Account, s.Region}; !seen[place] {
			seen[place] = true
			list = append(list, place)
		}
	}
	return list
}

// left ends what waits where nothing can be done any more: nothing waits for ever. Recovery
// points there stay.
func (s *Scheduler) left(ctx context.Context) error {
	accounts, err := s.opts.Accounts(ctx)
	if err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	scopes, err := s.store.InventoryScopes(ctx)
	if err != nil {
		return fmt.Errorf("load inventory scopes: %w", err)
	}
	for _, l := range FindLeft(scopes, accounts, s.opts.Regions) {
		if !l.Over(s.clock.Now()) {
			continue
		}
		if err := s.endWaiting(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// endWaiting ends the jobs that wait for l, page by page.
func (s *Scheduler) endWaiting(ctx context.Context, l Left) error {
	ended := 0
	for after := ""; ; {
		jobs, err := s.store.ListJobs(ctx, catalog.JobFilter{
			States: []catalog.State{catalog.Created}, Account: l.Account, Region: l.Region, After: after, Limit: dutyBatch,
		})
		if err != nil {
			return fmt.Errorf("load jobs that wait in account %s: %w", l.Account, err)
		}
		for _, job := range jobs {
			if job.IntentOwner != "" || !l.Concerns(job) {
				continue
			}
			if err := s.ender.End(ctx, job, catalog.Aborted, l.Class, l.Reason+": the job did not begin"); err != nil {
				return err
			}
			ended++
		}
		if len(jobs) < dutyBatch {
			break
		}
		after = jobs[len(jobs)-1].ID
	}
	if ended > 0 {
		s.log.Warn().Str("account", l.Account).Str("region", l.Region).Int("jobs", ended).Msg("ended what waited: " + l.Reason)
	}
	return nil
}

// reachable returns those of points that lie where something can still be done, and has the
// others looked at again later: a deletion that cannot be done is not begun every day.
func (s *Scheduler) reachable(ctx context.Context, points []catalog.RecoveryPoint, now time.Time) ([]catalog.RecoveryPoint, error) {
	if len(points) == 0 {
		return nil, nil
	}
	departed := s.departed.accounts(ctx, s)
	scopes, err := s.store.InventoryScopes(ctx)
	if err != nil {
		return nil, fmt.Errorf("load inventory scopes: %w", err)
	}
	var can []catalog.RecoveryPoint
	var cannot []string
	for _, p := range points {
		if slices.Contains(departed, p.Account) || catalog.RegionRefused(scopes, p.Account, p.Region) {
			cannot = append(cannot, p.ID)
			continue
		}
		can = append(can, p)
	}
	if len(cannot) == 0 {
		return can, nil
	}
	return can, s.store.KeepUntil(ctx, cannot, now.Add(expireAgainAfter))
}
