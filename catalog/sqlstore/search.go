package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holdfast/catalog"
)

// Bounds of a search.
const (
	// searchWindow is how many rows a page of a search looks at, when no index leads to
	// what it asks for.
	searchWindow = 10_000
	// namedResources is how many resources may be meant by a word for their jobs to be
	// looked up one resource after another; of more, most rows match anyway.
	namedResources = 100
	maxWords       = 5
	maxWordLength  = 200
)

// SearchJobs implements catalog.Search.
func (s *Store) SearchJobs(ctx context.Context, f catalog.JobFilter) (page catalog.JobPage, err error) {
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return page, fmt.Errorf("search jobs: %w", err)
	}
	err = s.view(ctx, "search jobs", func(ctx context.Context, q session) error {
		c := jobFields(q.dialect, f)
		way, err := q.jobRoute(ctx, c, f)
		if err != nil {
			return err
		}
		way, err = c.words(ctx, q, way, f.Text, jobTexts)
		if err != nil {
			return err
		}
		window, err := c.bound(ctx, q, way, f.After)
		if err != nil {
			return err
		}
		page.Jobs, err = read(ctx, q, jobReadColumns, "FROM "+way.from(q.dialect)+strings.TrimPrefix(jobRows, "jobs")+c.where()+newestFirst+" LIMIT ?", append(c.args, limit)...)
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
	err = s.view(ctx, "search recovery points", func(ctx context.Context, q session) error {
		c := pointConditions(q.dialect, f)
		way, err := q.pointRoute(ctx, f)
		if err != nil {
			return err
		}
		way, err = c.words(ctx, q, way, f.Text, pointTexts)
		if err != nil {
			return err
		}
		window, err := c.bound(ctx, q, way, f.After)
		if err != nil {
			return err
		}
		page.Points, err = read(ctx, q, pointColumns, "FROM "+way.from(q.dialect)+c.where()+newestFirst+" LIMIT ?", append(c.args, limit)...)
		page.More = window.more(len(page.Points), limit, func() string { return page.Points[limit-1].ID })
		return err
	})
	return page, err
}

// The columns words are looked for in, beside the resource.
var (
	jobTexts   = []string{"id", "ref", "account", "region", "kind", "plan", "rule", "class", "message", "created_by"}
	pointTexts = []string{"id", "ref", "arn", "account", "region", "kind", "plan", "rule", "vault"}
)

// words adds that every word of text is found. When the longest word names few resources
// those are meant, and their index is the way.
func (c *conditions) words(ctx context.Context, q session, way route, text string, columns []string) (route, error) {
	words := strings.Fields(strings.ToLower(text))
	words = words[:min(len(words), maxWords)]
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	all := "lower(resource_arn || ' ' || " + strings.Join(columns, " || ' ' || ") + `) LIKE ? ESCAPE '\'`
	for i, word := range words {
		pattern := "%" + escapeLike(word[:min(len(word), maxWordLength)]) + "%"
		if i == 0 {
			arns, err := q.column1(ctx, `SELECT arn FROM resources WHERE lower(name || ' ' || arn) LIKE ? ESCAPE '\' LIMIT ?`, pattern, namedResources+1)
			if err != nil {
				return way, err
			}
			if len(arns) > 0 && len(arns) <= namedResources {
				c.add(c.dialect.in("resource_arn"), list(c.dialect, arns))
				way = route{table: way.table, index: way.table + "_resource", few: true}
				continue
			}
		}
		c.add(all, pattern)
	}
	return way, nil
}

// escapeLike makes a word stand for itself in a LIKE pattern.
func escapeLike(word string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToValidUTF8(storable(word), ""))
}
