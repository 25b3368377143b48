package sqlstore

import (
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

// Conditions that partial indexes are made for. PostgreSQL uses such an index only when
// a statement repeats the index's own words, so they are spelled once, here and in the
// migration.
const (
	isWaiting = "state = 'CREATED' AND intent_owner = ''"
	isOpen    = "state IN ('CREATED', 'RUNNING', 'ABORTING')"
)

const (
	defaultPage = 100
	maxPage     = 1000
)

// conditions collects the parts of a WHERE clause.
type conditions struct {
	dialect dialect
	parts   []string
	args    []any
}

func (c *conditions) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// equal adds column = value unless value is empty.
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

// compare adds column op at unless at is zero.
func (c *conditions) compare(column, op string, at time.Time) {
	if !at.IsZero() {
		c.add(column+" "+op+" ?", at.UnixMilli())
	}
}

// oneOf adds column IN values unless there are none.
func oneOf[S ~string](c *conditions, column string, values []S) {
	if len(values) > 0 {
		c.add(c.dialect.in(column), list(c.dialect, values))
	}
}

func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// pageLimit checks a filter's limit and fills in the default.
func pageLimit(limit int) (int, error) {
	switch {
	case limit == 0:
		return defaultPage, nil
	case limit < 0 || limit > maxPage:
		return 0, failure.Errorf(failure.Invalid, "limit %d: want 1 to %d", limit, maxPage)
	default:
		return limit, nil
	}
}

func jobConditions(d dialect, f catalog.JobFilter) *conditions {
	c := &conditions{dialect: d}
	oneOf(c, "type", f.Types)
	oneOf(c, "state", f.States)
	oneOf(c, "kind", f.Kinds)
	oneOf(c, "class", f.Classes)
	c.equal("account", f.Account)
	c.equal("region", f.Region)
	c.equal("resource_arn", f.ResourceARN)
	if f.Plan != "" {
		c.add("plan = ? AND plan <> ''", f.Plan)
	}
	c.equal("rule", f.Rule)
	if f.ChainID != "" {
		c.add("id IN (SELECT id FROM jobs WHERE chain_id = ? AND chain_id <> id UNION ALL SELECT ?) AND chain_id = ?",
			f.ChainID, f.ChainID, f.ChainID)
	}
	if f.PointID != "" {
		c.add("point_id = ? AND point_id <> ''", f.PointID)
	}
	c.compare("created_at", ">=", f.Since)
	c.compare("created_at", "<", f.Until)
	return c
}

func pointConditions(d dialect, f catalog.PointFilter) *conditions {
	c := &conditions{dialect: d}
	oneOf(c, "state", f.States)
	oneOf(c, "kind", f.Kinds)
	c.equal("account", f.Account)
	c.equal("region", f.Region)
	c.equal("resource_arn", f.ResourceARN)
	c.equal("plan", f.Plan)
	c.equal("chain_id", f.ChainID)
	c.compare("completed_at", "<=", f.CompletedBefore)
	return c
}
