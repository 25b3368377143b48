package policy

import (
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // the binary runs in images without a zone database
)

// DefaultSchedule is what a rule without schedule_expression runs on, and DefaultTimezone
// the zone of an expression without one.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html
const (
	DefaultSchedule = "cron(0 5 ? * * *)"
	DefaultTimezone = "Etc/UTC"
)

// The years a schedule can name; Next never looks beyond the last one.
const (
	minYear = 1970
	maxYear = 2199
)

// maxExpressionLength bounds the work on an expression; the longest sensible list of
// values of all fields is shorter.
const maxExpressionLength = 256

// Schedule is a parsed cron() expression with its time zone. The zero value is never due.
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
type Schedule struct {
	text     string // cron(...), one blank between fields, year included
	timezone string
	location *time.Location

	minutes uint64 // bit n: minute n
	hours   uint64 // bit n: hour n
	months  uint64 // bit n: month n, January is 1
	years   valueSet
	days    daySpec
}

// ParseSchedule reads a cron() expression of six fields (five, with a warning) in an IANA
// time zone; an empty zone is DefaultTimezone. Forms AWS takes but does not document give
// a warning each. rate() is refused, as AWS Backup refuses it in plans. A valid
// expression that names no day of any year (30 February) parses and is never due.
func ParseSchedule(expression, timezone string) (Schedule, []string, error) {
	location, err := loadLocation(timezone)
	if err != nil {
		return Schedule{}, nil, err
	}
	fields, warnings, err := splitExpression(expression)
	if err != nil {
		return Schedule{}, nil, err
	}
	s := Schedule{
		text:     "cron(" + strings.Join(fields, " ") + ")",
		timezone: location.String(),
		location: location,
	}
	more, err := s.parseFields(fields)
	if err != nil {
		return Schedule{}, nil, err
	}
	return s, append(warnings, more...), nil
}

// String returns the expression with single blanks and the year written out; parsing it
// again in the same zone gives an equal schedule.
func (s Schedule) String() string { return s.text }

// Timezone returns the IANA name of the schedule's zone.
func (s Schedule) Timezone() string { return s.timezone }

// Equal reports whether both schedules were written the same way in the same zone.
func (s Schedule) Equal(t Schedule) bool { return s.text == t.text && s.timezone == t.timezone }

// SubHourly reports whether two runs can be less than an hour apart, which AWS Backup
// refuses in plans. Runs of one minute of the hour never are.
func (s Schedule) SubHourly() bool { return bits.OnesCount64(s.minutes) > 1 }

// LongestGap returns the longest time between two runs, on the wall clock; 0 when there are
// not two.
func (s Schedule) LongestGap() time.Duration { return longestGap(s) }

// Apart reports whether all runs are at least that far from each other.
func (s Schedule) Apart(least time.Duration) bool { return apart(s, least) }

// parseFields reads all six fields even after a bad one, so that one message names every
// mistake in an expression.
func (s *Schedule) parseFields(fields []string) (warnings []string, err error) {
	var problems []error
	value := func(i int, spec fieldSpec) valueSet {
		set, warned, err := parseField(fields[i], spec)
		warnings = append(warnings, warned...)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s field %q: %w", spec.name, fields[i], err))
		}
		return set
	}
	s.minutes = value(0, minuteField)[0]
	s.hours = value(1, hourField)[0]
	s.months = value(3, monthField)[0]
	s.years = value(5, yearField)
	days, warned, err := parseDays(fields[2], fields[4])
	s.days, warnings = days, append(warnings, warned...)
	if err != nil {
		problems = append(problems, err)
	}
	return warnings, joinOneLine(problems)
}

// splitExpression takes the wrapper off and returns six fields.
func splitExpression(expression string) (fields, warnings []string, err error) {
	if len(expression) > maxExpressionLength {
		return nil, nil, fmt.Errorf("the schedule is longer than %d characters", maxExpressionLength)
	}
	if strings.ContainsFunc(expression, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' }) {
		return nil, nil, fmt.Errorf("%q is not a schedule: it has characters outside ASCII", expression)
	}
	if strings.HasPrefix(expression, "rate(") {
		return nil, nil, errors.New("backup plans take no rate(): write cron(), e.g. cron(0 0/12 * * ? *) for every twelve hours")
	}
	inner, opened := strings.CutPrefix(expression, "cron(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !opened || !closed {
		return nil, nil, fmt.Errorf("%q is not a schedule: write cron(minute hour day-of-month month day-of-week year)", expression)
	}
	fields = strings.FieldsFunc(inner, func(r rune) bool { return r == ' ' || r == '\t' })
	switch len(fields) {
	case 6:
		return fields, nil, nil
	case 5:
		return append(fields, "*"), []string{"five fields are not documented by AWS: add the year, usually *"}, nil
	default:
		return nil, nil, fmt.Errorf("%q has %d fields: want six: minute hour day-of-month month day-of-week year", expression, len(fields))
	}
}

// zoneName keeps out what the file system of a zone database holds besides IANA names
// (posix/..., right/... with leap seconds, localtime) and Go's own "Local".
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$`)

// CheckTimezone returns an error that says what to write when name is no IANA time zone.
func CheckTimezone(name string) error {
	_, err := loadLocation(name)
	return err
}

func loadLocation(timezone string) (*time.Location, error) {
	if timezone == "" {
		timezone = DefaultTimezone
	}
	// The library's own error names directories it searched, which helps nobody here.
	unknown := fmt.Errorf("unknown time zone %q: use an IANA name such as Europe/Berlin or Etc/UTC", timezone)
	if len(timezone) > 64 || timezone == "Local" || !zoneName.MatchString(timezone) {
		return nil, unknown
	}
	location, err := time.LoadLocation(timezone)
	if err != nil {
		return nil, unknown
	}
	return location, nil
}

// joinOneLine is errors.Join with "; " between the messages.
func joinOneLine(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	messages := make([]string, len(problems))
	for i, p := range problems {
		messages[i] = p.Error()
	}
	return errors.New(strings.Join(messages, "; "))
}
