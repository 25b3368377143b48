package cli

import (
	"os/user"
	"testing"
)

// Cancellations and forced releases are signed, with or without an environment.
func TestUserOf(t *testing.T) {
	t.Parallel()
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"the shell's name":          {[]string{"LOGNAME=root", "USER=ana"}, "ana"},
		"the login's name":          {[]string{"LOGNAME=ben"}, "ben"},
		"an empty name is none":     {[]string{"USER=", "LOGNAME=ben"}, "ben"},
		"another variable is none":  {[]string{"USERS=ana"}, account.Username},
		"nothing, as in containers": {nil, account.Username},
	} {
		if got := userOf(test.environ); got != test.want {
			t.Errorf("%s: userOf(%v) = %q, want %q", name, test.environ, got, test.want)
		}
	}
}
