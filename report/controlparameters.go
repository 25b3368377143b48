package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/resource"
)

// The parameters of controls, by the names AWS gives them.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-frameworks-api.html
const (
	frequencyValue    = "requiredFrequencyValue"
	frequencyUnit     = "requiredFrequencyUnit"
	requiredRetention = "requiredRetentionDays"
	crossRegions      = "crossRegionList"
	crossAccounts     = "crossAccountList"
	minLock           = "minRetentionDays"
	maxLock           = "maxRetentionDays"
	pointAgeValue     = "recoveryPointAgeValue"
	pointAgeUnit      = "recoveryPointAgeUnit"
	maxRestore        = "maxRestoreTime"
)

// Parameters are what the controls compare with.
type Parameters struct {
	Frequency                Span // longest time between two runs
	RetentionDays            int
	Regions, Accounts        []string // copies have to go to each of them; empty: to any
	MinLockDays, MaxLockDays int      // of a vault lock; a maximum of 0 asks for none
	PointAge                 Span
	MaxRestore               time.Duration
}

// Span is a time as AWS gives it: a number of hours or days.
type Span struct {
	Value int
	Unit  string // hours or days
}

// The units of a span.
const (
	hours = "hours"
	days  = "days"
)

// Duration returns how long the span is.
func (s Span) Duration() time.Duration {
	if s.Unit == hours {
		return time.Duration(s.Value) * time.Hour
	}
	return time.Duration(s.Value) * 24 * time.Hour
}

// DefaultParameters are AWS Backup's.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/controls-and-remediation.html
func DefaultParameters() Parameters {
	return Parameters{Frequency: Span{1, days}, RetentionDays: 35, MinLockDays: 1, PointAge: Span{1, days}, MaxRestore: 720 * time.Minute}
}

// ParameterNames lists the parameters Set takes.
func ParameterNames() []string {
	return []string{frequencyValue, frequencyUnit, requiredRetention, crossRegions, crossAccounts, minLock, maxLock, pointAgeValue, pointAgeUnit, maxRestore}
}

// Set changes the parameter in NAME=VALUE. The error says what is wrong and how to mend it.
func (p *Parameters) Set(assignment string) (err error) {
	name, value, ok := strings.Cut(assignment, "=")
	if !ok {
		return fmt.Errorf("%q is not NAME=VALUE", assignment)
	}
	switch name {
	case frequencyValue:
		p.Frequency.Value, err = number(value)
	case frequencyUnit:
		p.Frequency.Unit, err = unit(value)
	case pointAgeValue:
		p.PointAge.Value, err = number(value)
	case pointAgeUnit:
		p.PointAge.Unit, err = unit(value)
	case requiredRetention:
		p.RetentionDays, err = number(value)
	case minLock:
		p.MinLockDays, err = number(value)
	case maxLock:
		p.MaxLockDays, err = number(value)
	case maxRestore:
		minutes, wrong := number(value)
		p.MaxRestore, err = time.Duration(minutes)*time.Minute, wrong
	case crossRegions:
		p.Regions = strings.FieldsFunc(value, betweenWords)
		if len(p.Regions) == 0 {
			err = errors.New("name regions with commas or blanks between them")
		}
	case crossAccounts:
		p.Accounts = strings.FieldsFunc(value, betweenWords)
		if len(p.Accounts) == 0 || slices.ContainsFunc(p.Accounts, func(a string) bool { return !resource.ValidAccount(a) }) {
			err = errors.New("name accounts of twelve digits with commas or blanks between them")
		}
	default:
		return fmt.Errorf("there is no parameter %q: use %s", name, strings.Join(ParameterNames(), ", "))
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", name, value, err)
	}
	return nil
}

// maxNumber is more days, or minutes, than anybody asks for.
const maxNumber = 100_000

func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxNumber {
		return 0, fmt.Errorf("write a whole number from 1 to %d", maxNumber)
	}
	return n, nil
}

func unit(text string) (string, error) {
	if text != hours && text != days {
		return "", errors.New("write hours or days")
	}
	return text, nil
}

// describe writes the parameters of a control.
func (p Parameters) describe(names []string) string {
	texts := map[string]string{
		frequencyValue: strconv.Itoa(p.Frequency.Value), frequencyUnit: p.Frequency.Unit, requiredRetention: strconv.Itoa(p.RetentionDays),
		crossRegions: orAny(p.Regions), crossAccounts: orAny(p.Accounts),
		minLock: strconv.Itoa(p.MinLockDays), maxLock: strconv.Itoa(p.MaxLockDays),
		pointAgeValue: strconv.Itoa(p.PointAge.Value), pointAgeUnit: p.PointAge.Unit, maxRestore: strconv.Itoa(int(p.MaxRestore.Minutes())),
	}
	var all []string
	for _, name := range names {
		all = append(all, name+"="+texts[name])
	}
	return orDash(strings.Join(all, " "))
}

func orAny(list []string) string {
	if len(list) == 0 {
		return "any"
	}
	return strings.Join(list, ",")
}

// betweenWords is what a list is divided at.
func betweenWords(r rune) bool { return r == ',' || r == ' ' }
