package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/admission"
	"holdfast/catalog"
)

func limitsSetCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "set", Usage: "set or take away a cap, or the weight of an account", ArgsUsage: "KEY concurrency=N|weight=N",
		Description: "Keys: " + strings.Join(keyForms(), ", ") + ". The part\n" +
			"after = may be * for all that have no cap of their own. concurrency=0 pauses: what was granted\n" +
			"and has not begun is called back, what has begun goes on. concurrency=default takes the cap\n" +
			"away. A cap below what is held drains. weight=3 gives an account three turns where others\n" +
			"have one. The running leader applies a change within a second.\n\n" +
			"--expect-version refuses when somebody else has set the key since `limits show` printed that\n" +
			"version, and says what they did; 0 expects that nobody has set it.\n\n" +
			"Examples:\n\n   holdfast limits set account=111122223333 concurrency=40\n" +
			"   holdfast limits set account=* concurrency=20 --dry-run\n" +
			"   holdfast limits set account=111122223333 concurrency=0 --expect-version 7\n" +
			"   holdfast limits set unit=production concurrency=200\n" +
			"   holdfast limits set account=111122223333 concurrency=default\n" +
			"   holdfast limits set account=111122223333 weight=3",
		Flags: []cli.Flag{
			configFlag(),
			&cli.Int64Flag{Name: "expect-version", Value: anyVersion, DefaultText: "any", Usage: "refuse unless the key is at this version"},
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would change and change nothing"},
		},
		Action: deskAction(env, setLimit),
	}
}

const (
	// removeCap is the limit that takes a cap away.
	removeCap = -1
	// maxConcurrency is more than AWS runs at once anywhere.
	maxConcurrency = 1_000_000
	// anyVersion is the value of --expect-version that expects nothing.
	anyVersion = -1
)

// limitSet is what `limits set --output json` prints.
type limitSet struct {
	Key         string `json:"key"`
	Concurrency *int   `json:"concurrency"` // what holds now; null: no cap
	Weight      *int   `json:"weight,omitempty"`
	Origin      string `json:"origin"`  // default, set, or the key whose cap applies; empty: no cap
	Version     int64  `json:"version"` // 0: nobody has set it
	Held        int    `json:"held"`
	DryRun      bool   `json:"dry_run"`
	// Before is what somebody had set before; null: nothing.
	Before *catalog.Cap `json:"before"`
}

// capChange is one setting somebody asks for.
type capChange struct {
	key    string // as people name it
	stored string // as the catalog does: weights are kept beside caps
	value  int    // removeCap takes it away
}

func setLimit(ctx *cli.Context, d *desk) error {
	if ctx.NArg() != 2 {
		return badInput("write KEY concurrency=N, for example account=111122223333 concurrency=40")
	}
	var c checks
	change := c.capChange(d, ctx.Args().Get(0), ctx.Args().Get(1))
	expected := ctx.Int64("expect-version")
	if ctx.IsSet("expect-version") && expected < 0 {
		c.add("--expect-version", "%d is no version: write the one `holdfast limits show` prints, or 0 when nobody has set the key", expected)
	}
	if err := c.err(); err != nil {
		return err
	}
	before, err := d.capNow(ctx.Context, change.stored)
	if err != nil {
		return err
	}
	if expected != anyVersion && versionOf(before) != expected {
		return changedMeanwhile(change.key, expected, before)
	}
	after, err := d.applyCap(ctx.Context, change, before, ctx.Bool("dry-run"))
	if err != nil {
		return err
	}
	return d.print(after, func() error { return d.changeText(change, after) })
}

// applyCap stores the change, unless somebody was faster, and returns what holds then.
func (d *desk) applyCap(ctx context.Context, change capChange, before *catalog.Cap, dryRun bool) (limitSet, error) {
	set, _, err := d.store.Caps(ctx)
	if err != nil {
		return limitSet{}, err
	}
	if dryRun {
		set = withCap(set, catalog.Cap{Key: change.stored, Limit: change.value, UpdatedBy: d.by})
	} else {
		_, err := d.store.SetCap(ctx, change.stored, change.value, d.by, versionOf(before))
		if errors.Is(err, catalog.ErrConflict) {
			now, readErr := d.capNow(ctx, change.stored)
			return limitSet{}, errors.Join(changedMeanwhile(change.key, versionOf(before), now), readErr)
		}
		if err != nil {
			return limitSet{}, fmt.Errorf("set %s: %w", change.key, err)
		}
		if set, _, err = d.store.Caps(ctx); err != nil {
			return limitSet{}, err
		}
	}
	usage, err := d.heldInCatalog(ctx)
	if err != nil {
		return limitSet{}, err
	}
	result := capOf(d.defaultCaps(), set, usage, change.key)
	result.Before, result.DryRun = before, dryRun
	return result, nil
}

// withCap returns set as it would be after c was set. It is pure.
func withCap(set []catalog.Cap, c catalog.Cap) []catalog.Cap {
	var list []catalog.Cap
	for _, old := range set {
		if old.Key != c.Key {
			list = append(list, old)
		}
	}
	if c.Limit == removeCap {
		return list
	}
	return append(list, c)
}

// capNow returns what is set of a key; nil when nothing is.
func (d *desk) capNow(ctx context.Context, key string) (*catalog.Cap, error) {
	set, _, err := d.store.Caps(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range set {
		if c.Key == key {
			return &c, nil
		}
	}
	return nil, nil
}

func versionOf(c *catalog.Cap) int64 {
	if c == nil {
		return 0
	}
	return c.Version
}

// changedMeanwhile tells somebody who expected another version what was done since.
func changedMeanwhile(key string, expected int64, now *catalog.Cap) error {
	said := fmt.Sprintf("is not set: somebody has taken it away since version %d", expected)
	if now != nil {
		said = fmt.Sprintf("is at version %d, not %d: %s set it to %d at %s", now.Version, expected, now.UpdatedBy, now.Limit, instantText(now.UpdatedAt))
	}
	return &exitError{code: codeFailed, err: fmt.Errorf("%s %s; nothing was changed: look at `holdfast limits show` and, if it is still right, use --expect-version %d", key, said, versionOf(now))}
}

// changeText says what was changed, and what it was before.
func (d *desk) changeText(change capChange, after limitSet) error {
	may, is := "may", "is"
	if after.DryRun {
		may, is = "would be allowed to", "would be"
	}
	was := ""
	if after.Before != nil {
		was = fmt.Sprintf(" (was %d, set by %s at %s)", after.Before.Limit, after.Before.UpdatedBy, instantText(after.Before.UpdatedAt))
	}
	switch {
	case change.key != change.stored && change.value == removeCap:
		d.line("%s has no weight of its own any more%s", change.key, was)
	case change.key != change.stored:
		d.line("%s has %s where an account of weight 1 has one%s", change.key, counted(change.value, "turn"), was)
	case change.value == removeCap:
		d.line("%s has no cap of its own any more%s", change.key, was)
	case change.value == 0:
		d.line("%s %s paused: nothing new begins%s", change.key, is, was)
	default:
		d.line("%s %s have %s in progress%s", change.key, may, counted(change.value, "operation"), was)
	}
	if limit := slotsOf(after.Concurrency); change.key == change.stored && limit != noLimit && after.Held > limit {
		d.line("%s in progress: it drains to %d", counted(after.Held, "operation"), limit)
	}
	if after.DryRun {
		d.line("dry run: nothing was changed")
	}
	return nil
}

// capOf returns what holds for one key. It is pure.
func capOf(defaults admission.Caps, set []catalog.Cap, usage []admission.KeyUsage, key string) limitSet {
	keys := limitsOf(defaults, set)
	keys.of(key)
	keys.use(usage, false)
	for _, l := range keys.sorted() {
		if l.Key == key {
			return limitSet{Key: key, Concurrency: l.Concurrency, Weight: l.Weight, Origin: l.Origin, Version: l.Version, Held: l.Held}
		}
	}
	return limitSet{Key: key}
}

// capChange reads KEY and concurrency=N or weight=N.
func (c *checks) capChange(d *desk, key, setting string) capChange {
	change := capChange{key: c.capKey(d, key)}
	change.stored = change.key
	name, text, _ := strings.Cut(setting, "=")
	n, err := strconv.Atoi(text)
	if text == "default" {
		n, err = removeCap, nil
	}
	isDefault := text == "default"
	switch {
	case name == "weight":
		change.stored = weightKey(change.key)
		if change.stored == "" {
			c.add(setting, "only accounts have a weight: write account=111122223333 weight=3 or account=* weight=3")
		} else if !isDefault && (err != nil || n < 1 || n > admission.MaxWeight) {
			c.add("", "%q is no weight: write weight=N with N from 1 to %d, or weight=default", setting, admission.MaxWeight)
		}
	case name != "concurrency", err != nil, !isDefault && (n < 0 || n > maxConcurrency):
		c.add("", "%q is no limit: write concurrency=N with N from 0 (paused) to %d, or concurrency=default", setting, maxConcurrency)
	}
	change.value = n
	return change
}
