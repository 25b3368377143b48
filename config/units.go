package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"holdfast/resource"
)

// UnitPath says in which organizational unit an account is: ACCOUNT=UNIT, or
// ACCOUNT=UNIT/UNIT for a unit inside another.
type UnitPath string

// maxUnitLevels is how deep AWS Organizations nests units.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const maxUnitLevels = 5

var unitPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Account returns the account.
func (p UnitPath) Account() string {
	account, _, _ := strings.Cut(string(p), "=")
	return account
}

// Names returns the units the account is in, outermost first, each by its whole path:
// production, production/web.
func (p UnitPath) Names() []string {
	_, path, _ := strings.Cut(string(p), "=")
	words := strings.Split(path, "/")
	names := make([]string, len(words))
	for i := range words {
		names[i] = strings.Join(words[:i+1], "/")
	}
	return names
}

func parseUnitPath(s string) (UnitPath, error) {
	account, path, ok := strings.Cut(s, "=")
	words := strings.Split(path, "/")
	wrong := func(word string) bool { return !unitPattern.MatchString(word) }
	if !ok || !resource.ValidAccount(account) || slices.ContainsFunc(words, wrong) {
		return "", fmt.Errorf("%q is not ACCOUNT=UNIT or ACCOUNT=UNIT/UNIT, for example 111122223333=production/web: units are of a-z, 0-9 and '-'", s)
	}
	if len(words) > maxUnitLevels {
		return "", fmt.Errorf("%q has %d levels: AWS Organizations has at most %d", s, len(words), maxUnitLevels)
	}
	return UnitPath(s), nil
}

// UnitsOf returns the organizational units the configuration puts an account in.
func (a Accounts) UnitsOf(account string) []string {
	for _, path := range a.Units {
		if path.Account() == account {
			return path.Names()
		}
	}
	return nil
}

// UnitNames returns every organizational unit of the configuration, sorted.
func (a Accounts) UnitNames() []string {
	var names []string
	for _, path := range a.Units {
		names = append(names, path.Names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unitRules wants each account once and, where the accounts are listed, in the list.
func unitRules(c *Config) (findings []finding) {
	a := c.AWS.Accounts
	seen := map[string]bool{}
	for i, path := range a.Units {
		at, account := fmt.Sprintf("aws.accounts.units[%d]", i), path.Account()
		switch {
		case seen[account]:
			findings = append(findings, finding{at, account + " is in the list twice: an account is in one unit, keep one"})
		case a.Source == AccountsList && !slices.Contains(a.IDs, account):
			findings = append(findings, finding{at, account + " is not in aws.accounts.ids: add it there or remove it here"})
		}
		seen[account] = true
	}
	return findings
}

// InnermostUnits returns the whole path of the unit each account is in.
func (a Accounts) InnermostUnits() map[string]string {
	units := make(map[string]string, len(a.Units))
	for _, path := range a.Units {
		names := path.Names()
		units[path.Account()] = names[len(names)-1]
	}
	return units
}
