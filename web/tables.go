package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
)

// Rows the overview shows at most; it says how many more there are.
const (
	maxBreakerRows = 50
	maxSlotRows    = 100
)

// overviewPage is the data of overview.html.
type overviewPage struct {
	frame
	At       string
	Jobs     *section[jobTable]
	Points   *section[pointTable]
	Breakers *section[breakerTable]
	Slots    *section[slotTable]
}

// section is a table, or why it cannot be shown.
type section[T any] struct {
	Table T
	Error string
}

type jobTable struct {
	States []catalog.State
	Rows   []jobRow
}

type jobRow struct {
	Type   driver.Operation
	Counts []cell
}

// cell is a number with what it means: bad, busy or nothing in particular.
type cell struct {
	N    int
	Mood string
}

func jobTableOf(counts map[driver.Operation]map[catalog.State]int) jobTable {
	t := jobTable{States: catalog.States()}
	for _, operation := range []driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire} {
		row := jobRow{Type: operation}
		for _, state := range t.States {
			n := counts[operation][state]
			row.Counts = append(row.Counts, cell{n, mood(state, n)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func mood(state catalog.State, n int) string {
	switch {
	case n == 0:
		return "zero"
	case state == catalog.Failed || state == catalog.Expired || state == catalog.Partial:
		return "bad"
	case state == catalog.Running || state == catalog.Aborting:
		return "busy"
	default:
		return "plain"
	}
}

type pointTable []pointRow

type pointRow struct {
	State catalog.PointState
	N     int
}

func pointTableOf(counts map[catalog.PointState]int) (t pointTable) {
	for _, state := range []catalog.PointState{catalog.Available, catalog.Expiring, catalog.Deleted} {
		t = append(t, pointRow{state, counts[state]})
	}
	return t
}

type breakerTable struct {
	Rows []breakerRow
	More int
}

type breakerRow struct {
	Account, Since, Probe, Message string
	Failures                       int
}

// breakerTableOf lists the open ones, open longest first.
func breakerTableOf(list []catalog.Breaker) (t breakerTable) {
	open := slices.DeleteFunc(slices.Clone(list), func(b catalog.Breaker) bool { return !b.Open() })
	slices.SortFunc(open, func(a, b catalog.Breaker) int {
		return cmp.Or(a.OpenSince.Compare(b.OpenSince), cmp.Compare(a.Account, b.Account))
	})
	shown := min(len(open), maxBreakerRows)
	for _, b := range open[:shown] {
		t.Rows = append(t.Rows, breakerRow{
			Account: b.Account, Since: stamp(b.OpenSince), Probe: stamp(b.ProbeAt), Message: b.Message, Failures: b.Failures,
		})
	}
	t.More = len(open) - shown
	return t
}

type slotTable struct {
	Rows []slotRow
	More int
}

type slotRow struct {
	Account, Dimension            string
	Held, Granted, Waiting, Limit int
	Paused, Unlimited, Full       bool
	order                         int // of the dimension
}

// slotTableOf lists the keys of accounts, those with the most waiting first.
func slotTableOf(usage []admission.KeyUsage, dimensions []string) (t slotTable) {
	var rows []slotRow
	for _, u := range usage {
		dimension, account, _ := strings.Cut(string(u.Key), "=")
		order := slices.Index(dimensions, dimension)
		if order < 0 {
			continue
		}
		rows = append(rows, slotRow{
			Account: account, Dimension: dimension, order: order,
			Held: u.Held, Granted: u.Granted, Waiting: u.Waiting, Limit: u.Cap,
			Paused: u.Cap == 0, Unlimited: u.Cap < 0, Full: u.Cap > 0 && u.Held >= u.Cap,
		})
	}
	slices.SortFunc(rows, func(a, b slotRow) int {
		return cmp.Or(cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(b.Held, a.Held),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.order, b.order))
	})
	shown := min(len(rows), maxSlotRows)
	return slotTable{Rows: rows[:shown], More: len(rows) - shown}
}

// stamp writes an instant to the second in UTC; a dash when there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
