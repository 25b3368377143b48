package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/config"
)

func TestUnitsOfAccounts(t *testing.T) {
	t.Parallel()
	c, err := config.Load(write(t, minimal+"    units: [\"111122223333=production/web\"]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"production", "production/web"}, c.AWS.Accounts.UnitsOf("111122223333")); diff != "" {
		t.Error(diff)
	}
	if units := c.AWS.Accounts.UnitsOf("444455556666"); units != nil {
		t.Errorf("an account in no unit is in %v", units)
	}
	if diff := cmp.Diff([]string{"production", "production/web"}, c.AWS.Accounts.UnitNames()); diff != "" {
		t.Error(diff)
	}
}

func TestUnitsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ units, want string }{
		"no unit":      {`["111122223333"]`, `f:6: aws.accounts.units[0]: "111122223333" is not ACCOUNT=UNIT or ACCOUNT=UNIT/UNIT, for example 111122223333=production/web: units are of a-z, 0-9 and '-'`},
		"no account":   {`["12=web"]`, `f:6: aws.accounts.units[0]: "12=web" is not ACCOUNT=UNIT or ACCOUNT=UNIT/UNIT, for example 111122223333=production/web: units are of a-z, 0-9 and '-'`},
		"too deep":     {`["111122223333=a/b/c/d/e/f"]`, `f:6: aws.accounts.units[0]: "111122223333=a/b/c/d/e/f" has 6 levels: AWS Organizations has at most 5`},
		"two units":    {`["111122223333=a", "111122223333=b"]`, `f:6: aws.accounts.units[1]: 111122223333 is in the list twice: an account is in one unit, keep one`},
		"not our list": {`["444455556666=a"]`, `f:6: aws.accounts.units[0]: 444455556666 is not in aws.accounts.ids: add it there or remove it here`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{c.want}, problems(t, minimal+"    units: "+c.units+"\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
