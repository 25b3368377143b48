package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/operator"
	"holdfast/resource"
)

// checks gathers everything wrong with a command line, so that it is told at once and
// before anything is written.
type checks struct{ found []problem }

// add notes one problem; path is the flag it is about, or empty.
func (c *checks) add(path, format string, args ...any) {
	c.found = append(c.found, problem{Kind: "bad_input", Path: path, Message: fmt.Sprintf(format, args...)})
}

// err returns what was found as bad input, nil when nothing was.
func (c *checks) err() error {
	if len(c.found) == 0 {
		return nil
	}
	messages := make([]string, len(c.found))
	for i, p := range c.found {
		messages[i] = p.String()
	}
	return &exitError{code: codeBadInput, err: errors.New(strings.Join(messages, "; ")), problems: c.found}
}

// errWith returns what was found on the command line together with what is wrong with the
// request it makes. What only the catalog knows is not found yet: when the command line is
// right, the action itself tells everything that is wrong with the request.
func (c *checks) errWith(request []operator.Problem) error {
	if len(c.found) == 0 {
		return nil
	}
	c.refusal(request)
	return c.err()
}

// refusal notes what an action found wrong.
func (c *checks) refusal(found []operator.Problem) {
	for _, p := range found {
		c.add(flagOf(p.Field), "%s", p.Message)
	}
}

// flagOf names the flag a field of a request comes from.
func flagOf(field string) string {
	switch field {
	case "", "key", "setting", "value": // the arguments of limits set, which the message names
		return ""
	case "resources":
		return "--resource"
	case "parameters":
		return "--set"
	default:
		return "--" + strings.ReplaceAll(field, "_", "-")
	}
}

// refused turns the refusal of an action into bad input; other errors stay as they are.
func refused(err error) error {
	var r *operator.Refusal
	if !errors.As(err, &r) {
		return err
	}
	var c checks
	c.refusal(r.Problems)
	return c.err()
}

// noArguments refuses words that no flag takes.
func (c *checks) noArguments(ctx *cli.Context) {
	if ctx.Args().Present() {
		c.add("", "%q is not understood here: values go with flags, see `%s --help`", ctx.Args().First(), ctx.Command.HelpName)
	}
}

// account checks an account flag that may be left out.
func (c *checks) account(ctx *cli.Context) string {
	value := ctx.String("account")
	if value != "" && !resource.ValidAccount(value) {
		c.add("--account", "%q is not an account id: write twelve digits", value)
	}
	return value
}

// instant reads a moment: RFC 3339, or how long ago, e.g. 36h or 7d. Zero when the flag
// is not set.
func (c *checks) instant(ctx *cli.Context, flag string, now time.Time) time.Time {
	text := ctx.String(flag)
	if text == "" {
		return time.Time{}
	}
	at, err := parseInstant(text, now)
	if err != nil {
		c.add("--"+flag, "%v", err)
	}
	return at
}

// parseInstant reads a moment: RFC 3339, or how long before now.
func parseInstant(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	if ago, err := parseAge(text); err == nil {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%q is no moment: write one like 2026-05-05T12:00:00Z, or how long ago: 90m, 36h, 7d", text)
}

// maxAge keeps ages inside what a time can hold.
const maxAge = 100 * 365 * 24 * time.Hour

// parseAge reads a duration; days are written 7d.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > int(maxAge/(24*time.Hour)) {
			return 0, fmt.Errorf("%q is not a number of days", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	age, err := time.ParseDuration(text)
	if err == nil && (age < 0 || age > maxAge) {
		return 0, fmt.Errorf("%q is out of range", text)
	}
	return age, err
}

// limit reads --limit.
func (c *checks) limit(ctx *cli.Context, most int) int {
	n := ctx.Int("limit")
	if n < 1 || n > most {
		c.add("--limit", "is %d: use 1 to %d", n, most)
	}
	return n
}

// choices reads a flag that may be repeated or hold a list with commas, each of allowed
// in any case.
func choices[T ~string](c *checks, ctx *cli.Context, flag string, allowed []T) []T {
	var chosen []T
	for _, value := range splitAll(ctx.StringSlice(flag)) {
		match, ok := oneOf(value, allowed)
		if !ok {
			c.add("--"+flag, "%q is none of %s", value, joined(allowed))
			continue
		}
		chosen = append(chosen, match)
	}
	return chosen
}

func oneOf[T ~string](value string, allowed []T) (T, bool) {
	for _, a := range allowed {
		if strings.EqualFold(string(a), value) {
			return a, true
		}
	}
	return "", false
}

// splitAll splits each of values at its commas.
func splitAll(values []string) []string {
	var all []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

func joined[T ~string](values []T) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}

// lowered reads a flag that takes an id: ids are written in lower case.
func lowered(ctx *cli.Context, flag string) string { return strings.ToLower(ctx.String(flag)) }
