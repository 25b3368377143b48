package sqlstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// dueGroups skips along the index from group to group, reading of each only the job that
// is due first, so that its cost is the number of groups and not of running jobs. The
// groups that have waited longest come first.
func dueGroups(d dialect) string {
	looking := "FROM open_jobs" + d.using("open_look") + " WHERE next_look_at > 0"
	return `WITH RECURSIVE g(name) AS (
		SELECT (SELECT look_group ` + looking + ` ORDER BY look_group LIMIT 1)
		UNION ALL
		SELECT (SELECT look_group ` + looking + ` AND look_group > g.name ORDER BY look_group LIMIT 1)
		FROM g WHERE g.name IS NOT NULL),
	due(name, first) AS (
		SELECT name, (SELECT next_look_at ` + looking + ` AND look_group = g.name ORDER BY next_look_at LIMIT 1)
		FROM g WHERE name IS NOT NULL)
	SELECT name FROM due WHERE first <= ? ORDER BY first, name LIMIT ?`
}

// DueLooks implements catalog.Looks.
func (s *Store) DueLooks(ctx context.Context, now time.Time, limit int) ([]catalog.LookGroup, error) {
	var groups []catalog.LookGroup
	err := s.seek(ctx, "list looks that are due", func(ctx context.Context, q session) error {
		found, err := q.column1(ctx, dueGroups(q.dialect), millis(now), limit)
		if err != nil {
			return err
		}
		groups = make([]catalog.LookGroup, len(found))
		for i, name := range found {
			if groups[i], err = parseGroup(name); err != nil {
				return err
			}
		}
		return nil
	})
	return groups, err
}

// groupName gives the value of the column look_group.
func groupName(g catalog.LookGroup) string {
	return strings.Join([]string{g.Partition, g.Account, g.Region, string(g.Kind), string(g.Operation)}, "/")
}

func parseGroup(name string) (catalog.LookGroup, error) {
	p := strings.Split(name, "/")
	if len(p) != 5 {
		return catalog.LookGroup{}, failure.Errorf(failure.Internal, "look group %q has %d parts, not 5", name, len(p))
	}
	return catalog.LookGroup{
		Partition: p[0], Account: p[1], Region: p[2], Kind: resource.Kind(p[3]), Operation: driver.Operation(p[4]),
	}, nil
}

// DueJobs implements catalog.Looks.
func (s *Store) DueJobs(ctx context.Context, group catalog.LookGroup, now time.Time, limit int) ([]catalog.Job, error) {
	return s.selectOpen(ctx, "list jobs to look at", "open_look",
		"next_look_at > 0 AND look_group = ? AND next_look_at <= ? ORDER BY next_look_at, job_id LIMIT ?",
		groupName(group), millis(now), limit)
}

var nextLookColumns = []column[catalog.NextLook]{
	text("id", func(n *catalog.NextLook) *string { return &n.JobID }),
	integer("version", func(n *catalog.NextLook) *int64 { return &n.Version }),
	instant("next_look_at", func(n *catalog.NextLook) *time.Time { return &n.At }),
	integer("progress", func(n *catalog.NextLook) *int { return &n.Progress }),
}

// Postpone implements catalog.Looks.
func (s *Store) Postpone(ctx context.Context, looks []catalog.NextLook) error {
	ordered := slices.Clone(looks)
	slices.SortFunc(ordered, func(a, b catalog.NextLook) int { return strings.Compare(a.JobID, b.JobID) })
	for chunk := range slices.Chunk(ordered, lookupChunk) {
		err := s.update(ctx, "postpone looks", func(ctx context.Context, q session) error {
			return q.postpone(ctx, chunk)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// postpone writes the narrow rows, and those of jobs only where AWS has shown progress. A
// job's own row comes first, as in a commit.
func (q session) postpone(ctx context.Context, looks []catalog.NextLook) error {
	rows, err := collect(nextLookColumns, looks)
	if err != nil {
		return err
	}
	_, err = q.bulk(ctx, rows, `UPDATE jobs SET progress = v.progress FROM v
		WHERE jobs.id = v.id AND jobs.version = v.version AND jobs.progress <> v.progress
		AND jobs.state IN ('CREATED', 'RUNNING', 'ABORTING')`)
	if err != nil {
		return err
	}
	_, err = q.bulk(ctx, rows, `UPDATE open_jobs SET next_look_at = v.next_look_at
		FROM v WHERE open_jobs.job_id = v.id AND open_jobs.at_version = v.version`)
	return err
}
