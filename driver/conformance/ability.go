package conformance

import (
	"slices"
	"strings"
)

// Ability is what a group of checks is about.
type Ability string

// The abilities.
const (
	CanDiscover    Ability = "discover"
	CanBackUp      Ability = "backup"
	CanCopyRegion  Ability = "copy_region"
	CanCopyAccount Ability = "copy_account"
	CanRestore     Ability = "restore"
	CanExpire      Ability = "expire"
	CanChill       Ability = "cold" // move points to cold storage
	CanCancel      Ability = "cancel"
	SurvivesCrash  Ability = "crash"  // makes nothing twice and loses nothing
	TellsErrors    Ability = "errors" // gives every refusal its class
	Looks          Ability = "looks"  // observes many operations with few calls, and truly
)

// Abilities returns every ability in the order they are shown.
func Abilities() []Ability {
	return []Ability{
		CanDiscover, CanBackUp, CanCopyRegion, CanCopyAccount, CanRestore, CanExpire,
		CanChill, CanCancel, SurvivesCrash, TellsErrors, Looks,
	}
}

// abilities says what checks are about, by the beginnings and endings of their names; the
// first row that fits counts.
var abilities = []struct {
	beginnings, endings []string
	is                  Ability
}{
	{nil, []string{"-once", "-lost-answer", "-concurrent", "-find-own", "-walk"}, SurvivesCrash},
	{[]string{"error-", "context-", "account-unclaimed"}, []string{"-refused"}, TellsErrors},
	{[]string{"look-expire", "delete"}, nil, CanExpire},
	{[]string{"look-"}, []string{"-look", "-look-failed"}, Looks},
	{[]string{"backup-"}, nil, CanBackUp},
	{[]string{"account-"}, nil, CanCopyAccount},
	{[]string{"copy-"}, nil, CanCopyRegion},
	{[]string{"restore-", "moment-"}, nil, CanRestore},
	{[]string{"cold-"}, nil, CanChill},
	{[]string{"cancel-"}, nil, CanCancel},
	{[]string{"discover-", "list-", "descriptor", "capabilities", "actions"}, nil, CanDiscover},
}

// Ability returns what the check is about.
func (c Check) Ability() Ability {
	for _, row := range abilities {
		begins := slices.ContainsFunc(row.beginnings, func(b string) bool { return strings.HasPrefix(c.Name, b) })
		ends := slices.ContainsFunc(row.endings, func(e string) bool { return strings.HasSuffix(c.Name, e) })
		if begins || ends {
			return row.is
		}
	}
	return ""
}
