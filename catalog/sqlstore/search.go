package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
)

// Bounds of a search.
const (
	// searchWindow is how many rows a page of a search without an index looks at.
	searchWindow = 10_000
	// namedResources is how many resources may be meant by a word for their jobs to be
	// looked up one resource after another; of more, most rows match anyway.
	namedResources = 300
	maxWords       = 5
	maxWordLength  = 200
)

// SearchJobs implements catalog.Search.
func (s *Store) SearchJobs(ctx context.Context, f catalog.JobFilter) (page catalog.JobPage, err error) {
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return page, fmt.Errorf("search jobs: %w", err)
	}
	c := jobConditions(s.dialect, f)
	err = s.view(ctx, "search jobs", func(ctx context.Context, q session) error {
		indexed := f.Account+f.ResourceARN+f.Plan+f.ChainID+f.PointID != "" || statesIndexed(f.States)
		named, err := c.words(ctx, q, f.Text, jobTexts)
		if err != nil {
			return err
		}
		if err := c.after(ctx, q, "jobs", f.After); err != nil {
			return err
		}
		window, err := c.bound(ctx, q, "jobs", f.After, indexed || named)
		if err != nil {
			return err
		}
		page.Jobs, err = read(ctx, q, jobReadColumns, "FROM "+searched(q, "jobs", indexed, named)+strings.TrimPrefix(jobRows, "jobs")+c.where()+" ORDER BY created_at DESC, id DESC LIMIT ?", append(c.args, limit)...)
		page.More = window.more(len(page.Jobs), limit, func() string { return page.Jobs[limit-1].ID })
		return err
	})
	return page, err
}

// SearchPoints implements catalog.Search.
func (s *Store) SearchPoints(ctx context.Context, f catalog.PointFilter) (page catalog.PointPage, err error) {
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return page, fmt.Errorf("search recovery points: %w", err)
	}
	c := pointConditions(s.dialect, f)
	err = s.view(ctx, "search recovery points", func(ctx context.Context, q session) error {
		indexed := f.Account+f.ResourceARN+f.ChainID != "" || f.Held
		named, err := c.words(ctx, q, f.Text, pointTexts)
		if err != nil {
			return err
		}
		if err := c.after(ctx, q, "points", f.After); err != nil {
			return err
		}
		window, err := c.bound(ctx, q, "points", f.After, indexed || named)
		if err != nil {
			return err
		}
		page.Points, err = read(ctx, q, pointColumns, "FROM "+searched(q, "points", indexed, named)+c.where()+" ORDER BY created_at DESC, id DESC LIMIT ?", append(c.args, limit)...)
		page.More = window.more(len(page.Points), limit, func() string { return page.Points[limit-1].ID })
		return err
	})
	return page, err
}

// statesIndexed reports whether states has an index for jobs in these states.
func statesIndexed(states []catalog.State) bool {
	return len(states) > 0 && !slices.Contains(states, catalog.Completed)
}

// The columns words are looked for in, beside the resource.
var (
	jobTexts   = []string{"id", "ref", "account", "region", "kind", "plan", "rule", "class", "message", "created_by"}
	pointTexts = []string{"id", "ref", "arn", "account", "region", "kind", "plan", "rule", "vault"}
)

// searched names a table with the index SQLite, which has no statistics, is to take: that
// of the resources a word names, or the order of pages where no filter has an index.
func searched(q session, table string, indexed, named bool) string {
	switch {
	case named:
		return table + q.using(table+"_resource")
	case indexed:
		return table
	default:
		return table + q.using(table+"_created")
	}
}

// words adds that every word of text is found. When the longest word names few resources
// those are meant, for which there is an index; named is true then.
func (c *conditions) words(ctx context.Context, q session, text string, columns []string) (named bool, err error) {
	words := strings.Fields(strings.ToLower(text))
	words = words[:min(len(words), maxWords)]
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	all := "lower(resource_arn || ' ' || " + strings.Join(columns, " || ' ' || ") + `) LIKE ? ESCAPE '\'`
	for i, word := range words {
		pattern := "%" + escapeLike(word[:min(len(word), maxWordLength)]) + "%"
		if i == 0 {
			arns, err := q.column1(ctx, `SELECT arn FROM resources WHERE lower(name || ' ' || arn) LIKE ? ESCAPE '\' LIMIT ?`, pattern, namedResources+1)
			if err != nil {
				return false, err
			}
			if named = len(arns) > 0 && len(arns) <= namedResources; named {
				c.add(c.dialect.in("resource_arn"), list(c.dialect, arns))
				continue
			}
		}
		c.add(all, pattern)
	}
	return named, nil
}

// escapeLike makes a word stand for itself in a LIKE pattern.
func escapeLike(word string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToValidUTF8(storable(word), ""))
}

// window is the part of a table a page looks at; the zero value is all of it.
type window struct {
	last string // id of the oldest row in it
	at   time.Time
}

// bound limits a search no index helps with to the next rows of table, newest first. A
// search without any condition beside the page's place finds all it looks at.
func (c *conditions) bound(ctx context.Context, q session, table, after string, indexed bool) (w window, err error) {
	filters := len(c.parts)
	if after != "" {
		filters--
	}
	if indexed || filters == 0 {
		return window{}, nil
	}
	place, args := "", []any{}
	if after != "" { // the last part, see after
		place, args = " WHERE "+c.parts[len(c.parts)-1], c.args[len(c.args)-2:]
	}
	var created int64
	found, err := q.one(ctx, []any{&created, &w.last},
		"SELECT created_at, id FROM "+table+place+" ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?", append(slices.Clip(args), searchWindow-1)...)
	if err != nil || !found {
		return window{}, err
	}
	c.add("(created_at, id) >= (?, ?)", created, w.last)
	w.at = fromMillis(created)
	return w, nil
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
