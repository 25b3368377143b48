package policy

import (
	"errors"
	"fmt"
	"strings"
)

// daySpec is the day part of a schedule: what the one day field that is not ? holds.
type daySpec struct {
	byWeek bool // the day-of-week field counts

	days       uint32 // bit n: day n of the month
	last       bool   // L
	lastWorker bool   // LW, the last day of Monday to Friday
	nearest    uint32 // bit n: nW
	beforeLast uint32 // bit n: L-n

	weekdays uint32 // bit n: weekday n, Sunday is 1
	lastOf   uint32 // bit n: nL
	nth      int    // k of n#k, 0 without
	nthOf    int    // n of n#k
}

// parseDays reads both day fields: one is ?, the other says the days.
func parseDays(ofMonth, ofWeek string) (daySpec, []string, error) {
	switch {
	case ofMonth == "?" && ofWeek == "?":
		return daySpec{}, nil, errors.New("both day fields are ?: one of them must say the days")
	case ofMonth != "?" && ofWeek != "?":
		return daySpec{}, nil, errors.New("both day fields have values: write ? in day-of-month or day-of-week")
	case ofWeek == "?":
		return parseDayField(ofMonth, dayOfMonthField, (*daySpec).addOfMonth)
	default:
		return parseDayField(ofWeek, dayOfWeekField, (*daySpec).addOfWeek)
	}
}

// parseDayField goes through the list; add knows the forms only this field has and leaves
// the others to parseItem.
func parseDayField(text string, spec fieldSpec, add func(*daySpec, string) (bool, []string, error)) (daySpec, []string, error) {
	d := daySpec{byWeek: spec.name == dayOfWeekField.name}
	var plain valueSet
	var warnings []string
	if text == "*" {
		addRange(&plain, spec, spec.min, spec.max, 1)
		d.setPlain(plain)
		return d, nil, nil
	}
	items := strings.Split(text, ",")
	for _, item := range items {
		done, warned, err := add(&d, strings.ToUpper(item))
		if err == nil && !done {
			var more []string
			more, err = parseItem(&plain, item, spec)
			warned = append(warned, more...)
		}
		if err != nil {
			return daySpec{}, nil, fmt.Errorf("%s field %q: %w", spec.name, text, err)
		}
		warnings = append(warnings, warned...)
	}
	// AWS reads two expressions where # stands in a list and refuses the field.
	if d.nth != 0 && len(items) > 1 {
		return daySpec{}, nil, fmt.Errorf("%s field %q: an expression with # must be the only one in the field", spec.name, text)
	}
	d.setPlain(plain)
	return d, warnings, nil
}

func (d *daySpec) setPlain(plain valueSet) {
	if d.byWeek {
		d.weekdays |= uint32(plain[0])
		return
	}
	d.days |= uint32(plain[0])
}

// addOfMonth takes L, LW, nW and L-n.
func (d *daySpec) addOfMonth(item string) (done bool, warnings []string, err error) {
	before, isBeforeLast := strings.CutPrefix(item, "L-")
	day, isNearest := strings.CutSuffix(item, "W")
	switch {
	case item == "L":
		d.last = true
	case item == "LW":
		d.lastWorker = true
	case isBeforeLast:
		n, err := parseNumber(before)
		if err != nil || n < 1 || n > 30 {
			return false, nil, fmt.Errorf("%q: want L-n with n from 1 to 30", item)
		}
		d.beforeLast |= 1 << n
		warnings = []string{fmt.Sprintf("%s is not documented by AWS: taken as the last day of the month minus %d", item, n)}
	case isNearest:
		n, err := dayOfMonthField.value(day)
		if err != nil {
			return false, nil, err
		}
		d.nearest |= 1 << n
	default:
		return false, nil, nil
	}
	return true, warnings, nil
}

// addOfWeek takes L, nL, n#k; steps are taken by parseItem but AWS does not document them.
func (d *daySpec) addOfWeek(item string) (done bool, warnings []string, err error) {
	weekday, isLastOf := strings.CutSuffix(item, "L")
	nthOf, nth, isNth := strings.Cut(item, "#")
	switch {
	case item == "L":
		d.weekdays |= 1 << 7 // alone it is Saturday, every week
	case isLastOf:
		n, err := dayOfWeekField.value(weekday)
		if err != nil {
			return false, nil, err
		}
		d.lastOf |= 1 << n
	case isNth:
		if d.nthOf, err = dayOfWeekField.value(nthOf); err != nil {
			return false, nil, err
		}
		if d.nth, err = parseNumber(nth); err != nil || d.nth < 1 || d.nth > 5 {
			return false, nil, fmt.Errorf("%q: want the week of the month after #, 1 to 5", item)
		}
	case strings.Contains(item, "/"):
		return false, []string{"steps in the day-of-week field are not documented by AWS"}, nil
	default:
		return false, nil, nil
	}
	return true, warnings, nil
}

// in returns the days of a month the spec takes, bit n for day n.
func (d *daySpec) in(year, month int) uint32 {
	length := daysIn(year, month)
	first := weekdayOf(year, month)
	if d.byWeek {
		return d.inByWeek(length, first)
	}
	taken := d.days
	if d.last {
		taken |= 1 << length
	}
	if d.lastWorker {
		taken |= 1 << nearestWorkday(length, length, first)
	}
	for n := 1; n <= length; n++ {
		if d.nearest>>n&1 == 1 {
			taken |= 1 << nearestWorkday(n, length, first)
		}
		if d.beforeLast>>n&1 == 1 && n < length {
			taken |= 1 << (length - n)
		}
	}
	return taken & (1<<(length+1) - 2) // drops days the month does not have
}

func (d *daySpec) inByWeek(length, first int) (taken uint32) {
	for day := 1; day <= length; day++ {
		weekday := (first-1+day-1)%7 + 1
		switch {
		case d.weekdays>>weekday&1 == 1,
			d.lastOf>>weekday&1 == 1 && day+7 > length,
			d.nth > 0 && d.nthOf == weekday && (day-1)/7+1 == d.nth:
			taken |= 1 << day
		}
	}
	return taken
}

// nearestWorkday returns the day of Monday to Friday nearest to day n, inside the month.
func nearestWorkday(n, length, first int) int {
	switch (first-1+n-1)%7 + 1 {
	case 7: // Saturday
		if n == 1 {
			return 3
		}
		return n - 1
	case 1: // Sunday
		if n == length {
			return n - 2
		}
		return n + 1
	}
	return n
}

// daysIn returns the length of a month.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// monthShift is how many weekdays a month begins after January of the same year, by
// Sakamoto's method: the year counts as the one before until the end of February.
var monthShift = [13]int{1: 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4}

// weekdayOf returns the weekday of the first of a month, Sunday is 1.
func weekdayOf(year, month int) int {
	if month < 3 {
		year--
	}
	return (year+year/4-year/100+year/400+monthShift[month]+1)%7 + 1
}
