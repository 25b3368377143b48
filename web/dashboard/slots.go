package dashboard

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/admission"
	"holdfast/admission/budget"
	"holdfast/producer"
)

// slotRow is one admission key as pages show it.
type slotRow struct {
	Key, Dimension, Value string
	Held, Waiting, Limit  int // Limit -1: none
	Account               string
}

// Bar returns the row's gauge.
func (s slotRow) Bar() bar { return gauge(s.Held, s.Limit) }

// Full reports whether no slot is free.
func (s slotRow) Full() bool { return s.Limit > 0 && s.Held >= s.Limit }

// maxSlots is how many keys the first page shows.
const maxSlots = 12

// slotsOf returns the keys that are in use, those with the most waiting first, and how many
// more there are.
func slotsOf(usage []admission.KeyUsage) (list []slotRow, more int) {
	for _, u := range usage {
		if u.Key.Dimension() != admission.ResourceDimension && u.Held+u.Waiting > 0 {
			list = append(list, slotOf(u))
		}
	}
	slices.SortFunc(list, func(a, b slotRow) int {
		return cmp.Or(cmp.Compare(boolOrder(b.Full()), boolOrder(a.Full())), cmp.Compare(b.Waiting, a.Waiting),
			cmp.Compare(b.Held, a.Held), strings.Compare(a.Key, b.Key))
	})
	shown := min(len(list), maxSlots)
	return list[:shown], len(list) - shown
}

func slotOf(u admission.KeyUsage) slotRow {
	dimension, value, _ := strings.Cut(string(u.Key), "=")
	row := slotRow{Key: string(u.Key), Dimension: dimension, Value: value, Held: u.Held, Waiting: u.Waiting, Limit: u.Cap}
	if dimension != producer.DimensionFleet && dimension != producer.DimensionUnit {
		row.Account, _, _ = strings.Cut(value, "/")
	}
	return row
}

// budgetRow is an API budget that AWS has lowered, or in which calls stand in line.
type budgetRow struct {
	budget.Level
	Percent int // of the rate in use
}

// maxBudgetRows is how many budgets the first page shows.
const maxBudgetRows = 10

// budgetsOf returns the budgets that are short, the most lowered first.
func budgetsOf(levels []budget.Level) (list []budgetRow) {
	for _, l := range levels {
		if l.Factor < 1 || l.Line > 0 {
			list = append(list, budgetRow{l, int(whole * l.Factor)})
		}
	}
	slices.SortStableFunc(list, func(a, b budgetRow) int { return cmp.Compare(a.Factor, b.Factor) })
	return list[:min(len(list), maxBudgetRows)]
}
