package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Rate is a parsed rate() expression: runs at a fixed distance, counted from the run
// before. It is for Holdfast's own jobs; AWS Backup takes none in plans and policies.
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
type Rate struct {
	text  string
	every time.Duration
}

var rateShape = regexp.MustCompile(`^rate\( *([0-9]{1,9}) +(minute|hour|day)(s?) *\)$`)

var rateUnits = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// maxRate is as far as any schedule looks.
const maxRate = (maxYear - minYear) * 365 * 24 * time.Hour

// IsRate reports whether the expression is meant to be a rate().
func IsRate(expression string) bool { return strings.HasPrefix(expression, "rate(") }

// ParseRate reads rate(n unit): n of at least 1, minute(s), hour(s) or day(s), singular
// for 1 and only for 1.
func ParseRate(expression string) (Rate, error) {
	found := rateShape.FindStringSubmatch(expression)
	if found == nil {
		return Rate{}, fmt.Errorf("%q is no rate: write rate(1 hour), rate(12 hours), minutes or days", clip(expression))
	}
	n, _ := strconv.Atoi(found[1]) // at most nine digits
	unit, plural := found[2], found[3] == "s"
	switch {
	case n < 1:
		return Rate{}, fmt.Errorf("%q: want a number of at least 1", expression)
	case n == 1 && plural:
		return Rate{}, fmt.Errorf("%q: write rate(1 %s), without the s", expression, unit)
	case n > 1 && !plural:
		return Rate{}, fmt.Errorf("%q: write rate(%d %ss), with an s", expression, n, unit)
	case time.Duration(n) > maxRate/rateUnits[unit]:
		return Rate{}, fmt.Errorf("%q: the time between two runs is longer than %d years", expression, maxYear-minYear)
	}
	return Rate{text: fmt.Sprintf("rate(%d %s%s)", n, unit, found[3]), every: time.Duration(n) * rateUnits[unit]}, nil
}

// String returns the expression with single blanks.
func (r Rate) String() string { return r.text }

// Next returns the run that follows one at the given instant, seconds cut off, in UTC; ok
// is false when it is not before the end of 2199.
func (r Rate) Next(after time.Time) (at time.Time, ok bool) {
	at = after.UTC().Add(r.every).Truncate(time.Minute)
	return at, r.every > 0 && at.Year() <= maxYear && after.Year() <= maxYear
}
