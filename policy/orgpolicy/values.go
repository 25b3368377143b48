package orgpolicy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/policy"
	"holdfast/policy/strictjson"
)

// verdict is what there is to say about one value: a problem means that Organizations
// refuses the policy, a warning that AWS Backup will not do what it says.
type verdict struct{ problem, warning string }

// check judges one value or name.
type check func(text string) verdict

func bad(format string, args ...any) verdict  { return verdict{problem: fmt.Sprintf(format, args...)} }
func warn(format string, args ...any) verdict { return verdict{warning: fmt.Sprintf(format, args...)} }

// Limits that Organizations checks; what AWS Backup adds to them gives warnings.
const (
	minWindow   = 60
	maxWindow   = 52_560_000
	maxDays     = 36_500
	minColdDays = 90
	maxDigits   = 10
)

var (
	validName  = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,50}$`)
	validVault = regexp.MustCompile(`^[A-Za-z0-9_-]{1,50}$`)
	validRole  = regexp.MustCompile(`^arn:[a-z0-9-]+:iam::[^:]+:role/.+$`)
	// Vault ARNs occur with both resource types in AWS's examples.
	validVaultARN = regexp.MustCompile(`^arn:[a-z0-9-]+:backup:[^:]+:[^:]+:(backup-)?vault:[^:]+$`)
	digits        = regexp.MustCompile(`^[0-9]+$`)
)

func anyName(string) verdict { return verdict{} }

func planName(name string) verdict { return nameOf("plan", name) }

func ruleName(name string) verdict { return nameOf("rule", name) }

func nameOf(what, name string) verdict {
	if !validName.MatchString(name) {
		return bad("%s name %q: use 1 to 50 letters, digits, dots, dashes and underscores", what, strictjson.Clip(name))
	}
	return verdict{}
}

func selectionName(name string) verdict {
	if !validName.MatchString(name) {
		return warn("selection name %q: AWS Backup takes 1 to 50 letters, digits, dots, dashes and underscores", strictjson.Clip(name))
	}
	return verdict{}
}

func region(name string) verdict {
	if !policy.ValidRegion(name) {
		return bad("%q is not a region: want a name such as eu-west-1; there are no wildcards", strictjson.Clip(name))
	}
	return verdict{}
}

func schedule(expression string) verdict {
	s, warnings, err := policy.ParseSchedule(expression, "")
	if err != nil {
		return bad("%v", err)
	}
	if s.SubHourly() {
		return bad("%s runs more than once an hour: runs must be at least an hour apart; name one minute", s)
	}
	if _, ok := s.Next(time.Time{}); !ok {
		return bad("%s never runs: no date has all of these values", s)
	}
	return verdict{warning: strings.Join(warnings, "; ")}
}

func timezone(name string) verdict {
	if _, _, err := policy.ParseSchedule(policy.DefaultSchedule, name); err != nil || name == "" {
		return bad("unknown time zone %q: use an IANA name such as Europe/Berlin or Etc/UTC", strictjson.Clip(name))
	}
	return verdict{}
}

// whole reads a number the way Organizations does: decimal digits, leading zeros allowed.
func whole(text string) (int64, bool) {
	if !digits.MatchString(text) || len(strings.TrimLeft(text, "0")) > maxDigits {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func window(text string) verdict {
	switch n, ok := whole(text); {
	case !ok || n < minWindow:
		return bad("%q is not a number of minutes: want a whole number of at least %d", strictjson.Clip(text), minWindow)
	case n > maxWindow:
		return warn("%d minutes: AWS Backup takes at most %d", n, maxWindow)
	case n >= 100*24*60:
		return warn("%d minutes are %d days: the value is in minutes, not seconds", n, n/(24*60))
	}
	return verdict{}
}

func days(text string) verdict {
	switch n, ok := whole(text); {
	case !ok || n < 1:
		return bad("%q is not a number of days: want a whole number of at least 1; leave the key out for none", strictjson.Clip(text))
	case n > maxDays:
		return warn("%d days: AWS Backup takes at most %d", n, maxDays)
	}
	return verdict{}
}

func vaultName(name string) verdict {
	switch {
	case !validVault.MatchString(name):
		return bad("vault name %q: use 1 to 50 letters, digits, dashes and underscores", strictjson.Clip(name))
	case len(name) < 2:
		return warn("vault name %q: AWS Backup takes 2 to 50 characters", name)
	}
	return verdict{}
}

func vaultARN(arn string) verdict {
	if !validVaultARN.MatchString(arn) {
		return bad("%q is not the ARN of a backup vault: want arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME, where ACCOUNT may be $account", strictjson.Clip(arn))
	}
	return verdict{}
}

// copyName judges the key of a copy action: it is the target where none is given.
func copyName(arn string) verdict {
	if !validVaultARN.MatchString(arn) {
		return warn("the key of a copy action must be the ARN of its vault, not %q", strictjson.Clip(arn))
	}
	return verdict{}
}

func roleARN(arn string) verdict {
	if !validRole.MatchString(arn) {
		return bad("%q is not the ARN of a role: want arn:aws:iam::ACCOUNT:role/NAME, where ACCOUNT may be $account", strictjson.Clip(arn))
	}
	return verdict{}
}

func tagKey(key string) verdict {
	if n := utf8.RuneCountInString(key); n < 1 || n > 128 {
		return bad("the tag key has %d characters, want 1 to 128", n)
	}
	return verdict{}
}

func tagValue(value string) verdict {
	if n := utf8.RuneCountInString(value); n > 256 {
		return bad("the tag value has %d characters, at most 256 are allowed", n)
	}
	return verdict{}
}

func conditionKey(key string) verdict {
	const prefix = "aws:ResourceTag/"
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return bad("condition_key %q: write %s and the tag's key", strictjson.Clip(key), prefix)
	}
	return tagKey(rest)
}

func arnPattern(arn string) verdict {
	if arn != "*" && !strings.HasPrefix(arn, "arn:") || strings.ContainsAny(arn, " \t\r\n") {
		return bad("%q is not the ARN of resources: want arn:aws:SERVICE:*:*:TYPE/* or *", strictjson.Clip(arn))
	}
	return verdict{}
}

func oneOf(values ...string) check {
	return func(text string) verdict {
		if !slices.Contains(values, text) {
			return bad("%q: want %s", strictjson.Clip(text), strings.Join(values, " or "))
		}
		return verdict{}
	}
}
