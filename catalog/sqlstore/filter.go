package sqlstore

import (
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
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

// states adds the condition that a job is in one of states, in the form that an index
// knows: open jobs have a table of their own, which is read whole if need be, and those
// that did not end well a column.
func (c *conditions) states(states []catalog.State) {
	oneOf(c, "state", states)
	open, ill := true, true
	for _, state := range states {
		open = open && !state.Terminal()
		ill = ill && state.Terminal() && state != catalog.Completed
	}
	switch {
	case len(states) == 0:
	case open:
		c.add("id IN (SELECT job_id FROM open_jobs WHERE "+c.dialect.in("open_state")+")", list(c.dialect, states))
	case ill && len(states) == 1:
		c.add("outcome <> '' AND outcome = ?", string(states[0])) // in the order of pages
	case ill:
		oneOf(c, "outcome <> '' AND outcome", states)
	}
}

func jobConditions(d dialect, f catalog.JobFilter) *conditions {
	c := &conditions{dialect: d}
	oneOf(c, "type", f.Types)
	c.states(f.States)
	oneOf(c, "kind", f.Kinds)
	oneOf(c, "class", f.Classes)
	oneOf(c, "engine", f.Engines)
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
	c.equal("created_by", f.CreatedBy)
	c.equal("retry_of", f.RetryOf)
	c.compare("fire_at", "=", f.FireAt)
	c.compare("created_at", ">=", f.Since)
	c.compare("created_at", "<", f.Until)
	return c
}

func pointConditions(d dialect, f catalog.PointFilter) *conditions {
	c := &conditions{dialect: d}
	oneOf(c, "state", f.States)
	oneOf(c, "kind", f.Kinds)
	oneOf(c, "engine", f.Engines)
	c.equal("account", f.Account)
	c.equal("region", f.Region)
	c.equal("resource_arn", f.ResourceARN)
	c.equal("plan", f.Plan)
	c.equal("rule", f.Rule)
	c.equal("vault", f.Vault)
	c.equal("chain_id", f.ChainID)
	if f.Held {
		c.add("id IN (SELECT point_id FROM holds)")
	}
	c.compare("created_at", ">=", f.Since)
	c.compare("created_at", "<", f.Until)
	c.compare("completed_at", "<=", f.CompletedBefore)
	return c
}
