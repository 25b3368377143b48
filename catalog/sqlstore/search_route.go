package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/catalog"
)

// newestFirst is the order of pages.
const newestFirst = " ORDER BY created_at DESC, id DESC"

// route is how a search comes to its rows: by an index that has them in the order of
// pages, of which a bounded number is looked at, or by one that leads to few.
type route struct {
	table string
	index string     // for SQLite, which has no statistics; "" leaves it the choice
	lead  conditions // those of the search that the index knows
	few   bool       // all rows it leads to are looked at
}

func ordered(table, index, lead string, args ...any) route {
	r := route{table: table, index: index}
	if lead != "" {
		r.lead.add(lead, args...)
	}
	return r
}

// from names the table, and the index SQLite is to take.
func (r route) from(d dialect) string {
	if r.index == "" {
		return r.table
	}
	return r.table + d.using(r.index)
}

// jobRoute adds the condition of the states a search of jobs asks for, and chooses its
// index: the one that leads to the fewest rows as a rule.
func (q session) jobRoute(ctx context.Context, c *conditions, f catalog.JobFilter) (route, error) {
	sort := sortOf(f.States)
	if sort == open {
		few, err := q.fewOpen(ctx, f.States)
		if err != nil {
			return route{}, err
		}
		if few {
			c.states(f.States)
			return route{table: "jobs", few: true}, nil
		}
		sort = mixed
	}
	switch {
	case sort == mixed:
		oneOf(c, "state", f.States)
	case len(f.States) > 0:
		c.outcome(f.States)
	}
	switch {
	case f.ResourceARN+f.ChainID+f.PointID != "":
		return route{table: "jobs", few: true}, nil
	case sort == ill && len(f.States) == 1:
		return ordered("jobs", "jobs_outcome", "outcome <> '' AND outcome = ?", string(f.States[0])), nil
	case sort == ill:
		return ordered("jobs", "jobs_ill", "outcome <> ''"), nil
	case f.Account != "":
		return ordered("jobs", "jobs_account", "account = ?", f.Account), nil
	case f.Plan != "":
		return ordered("jobs", "jobs_plan", "plan = ? AND plan <> ''", f.Plan), nil
	default:
		return ordered("jobs", "jobs_created", ""), nil
	}
}

// fewOpen reports whether the jobs in open states are so few that all may be looked at.
func (q session) fewOpen(ctx context.Context, states []catalog.State) (bool, error) {
	var n int
	_, err := q.one(ctx, []any{&n}, "SELECT count(*) FROM (SELECT 1 FROM open_jobs WHERE "+q.in("open_state")+" LIMIT ?) found",
		list(q.dialect, states), searchWindow+1)
	return n <= searchWindow, err
}

// pointRoute chooses the index for a search of recovery points.
func (q session) pointRoute(ctx context.Context, f catalog.PointFilter) (route, error) {
	held := searchWindow + 1
	if f.Held {
		if _, err := q.one(ctx, []any{&held}, "SELECT count(*) FROM (SELECT 1 FROM holds LIMIT ?) found", searchWindow+1); err != nil {
			return route{}, err
		}
	}
	switch {
	case f.ResourceARN+f.ChainID != "" || held <= searchWindow:
		return route{table: "points", few: true}, nil
	case f.Account != "":
		return ordered("points", "points_account", "account = ?", f.Account), nil
	default:
		return ordered("points", "points_created", ""), nil
	}
}

// window is the part of a table a page looks at; the zero value is all of it.
type window struct {
	last string // id of the oldest row in it
	at   time.Time
}

// bound limits a page to the next rows of its route behind the row after, newest first. A
// search without conditions beside those its index knows finds all it looks at.
func (c *conditions) bound(ctx context.Context, q session, r route, after string) (w window, err error) {
	filters := len(c.parts)
	if err := c.after(ctx, q, r.table, after); err != nil {
		return w, err
	}
	if r.few || filters <= len(r.lead.parts) {
		return w, nil
	}
	look := conditions{dialect: q.dialect, parts: slices.Clone(r.lead.parts), args: slices.Clone(r.lead.args)}
	if after != "" {
		look.add(c.parts[filters], c.args[len(c.args)-2:]...)
	}
	var created int64
	found, err := q.one(ctx, []any{&created, &w.last},
		"SELECT created_at, id FROM "+r.from(q.dialect)+look.where()+newestFirst+" LIMIT 1 OFFSET ?", append(look.args, searchWindow-1)...)
	if err != nil || !found {
		return window{}, err
	}
	c.add("(created_at, id) >= (?, ?)", created, w.last)
	w.at = fromMillis(created)
	return w, nil
}

// after makes a listing that is ordered newest first go on behind the row id of table.
func (c *conditions) after(ctx context.Context, q session, table, id string) error {
	if id == "" {
		return nil
	}
	var created int64
	found, err := q.one(ctx, []any{&created}, "SELECT created_at FROM "+table+" WHERE id = ?", id)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("page after %s: %w", id, catalog.ErrNotFound)
	}
	c.add("(created_at, id) < (?, ?)", created, id)
	return nil
}

// more says how a page of n rows goes on.
func (w window) more(n, limit int, last func() string) catalog.More {
	switch {
	case n == limit:
		return catalog.More{Next: last()}
	case w.last != "":
		return catalog.More{Next: w.last, Searched: w.at}
	default:
		return catalog.More{}
	}
}
