package sqlstore

import (
	"slices"
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

// stateSort says where jobs in some states are found.
type stateSort int

const (
	mixed stateSort = iota // in jobs alone
	open                   // in a table of their own, which is read whole if need be
	ill                    // by a column of those that did not end well
)

func sortOf(states []catalog.State) stateSort {
	closed := func(s catalog.State) bool { return s.Terminal() }
	good := func(s catalog.State) bool { return !s.Terminal() || s == catalog.Completed }
	switch {
	case len(states) == 0:
		return mixed
	case !slices.ContainsFunc(states, closed):
		return open
	case !slices.ContainsFunc(states, good):
		return ill
	default:
		return mixed
	}
}

// states adds the condition that a job is in one of states, in the form an index knows.
func (c *conditions) states(states []catalog.State) {
	oneOf(c, "state", states)
	switch sortOf(states) {
	case open:
		c.openIn(states)
	case ill:
		c.outcome(states)
	case mixed:
	}
}

// openIn adds that a job is among the open ones. PostgreSQL is given a list, not a table
// to join: it would read jobs by id from end to end, hoping to meet them soon.
func (c *conditions) openIn(states []catalog.State) {
	ids := "SELECT job_id FROM open_jobs WHERE " + c.dialect.in("open_state")
	if c.dialect.postgres {
		c.add("id = ANY(ARRAY("+ids+"))", list(c.dialect, states))
		return
	}
	c.add("id IN ("+ids+")", list(c.dialect, states))
}

// outcome adds that a job ended otherwise than COMPLETED.
func (c *conditions) outcome(states []catalog.State) {
	if len(states) == 1 {
		c.add("outcome <> '' AND outcome = ?", string(states[0])) // in the order of pages
		return
	}
	oneOf(c, "outcome <> '' AND outcome", states)
}

func jobConditions(d dialect, f catalog.JobFilter) *conditions {
	c := jobFields(d, f)
	c.states(f.States)
	return c
}

// jobFields are the conditions of all fields but the states.
func jobFields(d dialect, f catalog.JobFilter) *conditions {
	c := &conditions{dialect: d}
	oneOf(c, "type", f.Types)
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
