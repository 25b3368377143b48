package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/admission"
	"holdfast/app"
	"holdfast/catalog"
	"holdfast/producer"
)

func limitsCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "limits", Usage: "look at and set how many operations may run at once",
		Subcommands: []*cli.Command{limitsShowCommand(env), limitsSetCommand(env)},
	}
}

func limitsShowCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show every cap, and who holds and waits",
		Description: "KEY=* is the default of all keys of its dimension. What is held comes from Redis, or from the\n" +
			"catalog when Redis is inside the running process; how many wait is known to Redis only.\n\n" +
			"Example:\n\n   holdfast limits show",
		Flags:  []cli.Flag{configFlag()},
		Action: deskAction(env, showLimits),
	}
}

// limitList is what `limits show --output json` prints.
type limitList struct {
	Limits []limit `json:"limits"`
	// Counted says where held comes from: redis or catalog.
	Counted string `json:"counted"`
}

// limit is one admission key.
type limit struct {
	Key         string `json:"key"`
	Concurrency *int   `json:"concurrency"` // null: no cap; 0: paused
	Origin      string `json:"origin"`      // default, set, or the key whose cap applies; empty: no cap
	SetBy       string `json:"set_by,omitempty"`
	Held        int    `json:"held"`
	Waiting     *int   `json:"waiting"` // null: unknown
}

// maxUsage bounds how many keys are shown.
const maxUsage = 10_000

func showLimits(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	usage, counted, err := d.usage(ctx.Context)
	if err != nil {
		return err
	}
	set, _, err := d.store.Caps(ctx.Context)
	if err != nil {
		return err
	}
	list := limitList{Limits: limitsOf(d.defaultCaps(), set, usage, counted == countedRedis), Counted: counted}
	return d.print(list, func() error { return d.limitTable(list) })
}

// defaultCaps are the caps that hold where nobody set one.
func (d *desk) defaultCaps() admission.Caps {
	l := d.cfg.Limits
	return producer.DefaultCaps(l.Account, l.RestoresPerAccount, l.Fleet, app.Descriptors(d.drivers))
}

// Where held slots are counted.
const (
	countedRedis   = "redis"
	countedCatalog = "catalog"
)

// usage counts holders by key: in Redis when it can be asked, else in the catalog, where
// everything that has begun is known too.
func (d *desk) usage(ctx context.Context) ([]admission.KeyUsage, string, error) {
	queue, err := app.OpenQueue(ctx, d.cfg)
	if err == nil {
		defer func() { _ = queue.Close() }()
		usage, err := queue.Controller.Usage(ctx, maxUsage)
		if err == nil {
			return usage, countedRedis, nil
		}
		d.note("redis could not be asked: %v", err)
	} else {
		d.note("%v", err)
	}
	usage, err := d.heldInCatalog(ctx)
	return usage, countedCatalog, err
}

// heldInCatalog counts the slots of every job that has begun and not ended.
func (d *desk) heldInCatalog(ctx context.Context) ([]admission.KeyUsage, error) {
	held := map[admission.Key]int{}
	for after := ""; ; {
		jobs, err := d.store.Holders(ctx, after, maxListLimit)
		if err != nil {
			return nil, err
		}
		for _, job := range jobs {
			for _, key := range producer.NewRequest(job, d.cfg.AWS.Accounts.UnitsOf).Keys {
				held[key]++
			}
		}
		if len(jobs) < maxListLimit {
			break
		}
		after = jobs[len(jobs)-1].ID
	}
	usage := make([]admission.KeyUsage, 0, len(held))
	for key, n := range held {
		usage = append(usage, admission.KeyUsage{Key: key, Held: n})
	}
	return usage, nil
}

// limitsOf joins caps and usage by key. It is pure.
func limitsOf(defaults admission.Caps, set []catalog.Cap, usage []admission.KeyUsage, waitingKnown bool) []limit {
	byKey := map[string]*limit{}
	entry := func(key string) *limit {
		if byKey[key] == nil {
			byKey[key] = &limit{Key: key}
		}
		return byKey[key]
	}
	for key, n := range defaults {
		l := entry(string(key))
		l.Concurrency, l.Origin = &n, "default"
	}
	for _, c := range set {
		l := entry(c.Key)
		l.Concurrency, l.Origin, l.SetBy = &c.Limit, "set", c.UpdatedBy
	}
	for _, u := range usage {
		if u.Key.Dimension() == admission.ResourceDimension {
			continue // always 1, and one a resource
		}
		l := entry(string(u.Key))
		l.Held = u.Held
		if waitingKnown {
			l.Waiting = &u.Waiting
		}
	}
	list := make([]limit, 0, len(byKey))
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		l := byKey[key]
		if general, ok := byKey[string(admission.Key(key).Default())]; l.Concurrency == nil && ok {
			l.Concurrency, l.Origin = general.Concurrency, general.Key
		}
		list = append(list, *l)
	}
	return list
}

func (d *desk) limitTable(list limitList) error {
	rows := make([][]string, len(list.Limits))
	for i, l := range list.Limits {
		concurrency, waiting := "none", "?"
		if l.Concurrency != nil {
			concurrency = strconv.Itoa(*l.Concurrency)
		}
		if l.Waiting != nil {
			waiting = strconv.Itoa(*l.Waiting)
		} else if strings.HasSuffix(l.Key, "=*") {
			waiting = "-"
		}
		origin := orDash(l.Origin)
		if l.SetBy != "" {
			origin += " by " + l.SetBy
		}
		rows[i] = []string{l.Key, concurrency, origin, strconv.Itoa(l.Held), waiting}
	}
	return table(d.env.Stdout, []string{"KEY", "CONCURRENCY", "FROM", "HELD", "WAITING"}, rows)
}

func limitsSetCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "set", Usage: "set or take away a cap", ArgsUsage: "KEY concurrency=N",
		Description: "Keys: fleet=all, account=ID, restores=ID and quota-KIND-OPERATION=ACCOUNT/REGION; the part after\n" +
			"= may be * for all that have no cap of their own. 0 pauses; concurrency=default takes the cap\n" +
			"away. The running leader applies it within a second. What has begun goes on.\n\n" +
			"Examples:\n\n   holdfast limits set account=111122223333 concurrency=40\n" +
			"   holdfast limits set account=* concurrency=20\n   holdfast limits set account=111122223333 concurrency=default",
		Flags:  []cli.Flag{configFlag()},
		Action: deskAction(env, setLimit),
	}
}

// removeCap is the limit that takes a cap away.
const removeCap = -1

// maxConcurrency is more than AWS runs at once anywhere.
const maxConcurrency = 1_000_000

// limitSet is what `limits set --output json` prints.
type limitSet struct {
	Key         string `json:"key"`
	Concurrency *int   `json:"concurrency"` // what holds now; null: no cap
	Origin      string `json:"origin"`      // default, set, or the key whose cap applies; empty: no cap
}

func setLimit(ctx *cli.Context, d *desk) error {
	if ctx.NArg() != 2 {
		return badInput("write KEY concurrency=N, for example account=111122223333 concurrency=40")
	}
	var c checks
	key := c.capKey(d, ctx.Args().Get(0))
	n := c.concurrency(ctx.Args().Get(1))
	if err := c.err(); err != nil {
		return err
	}
	if _, err := d.store.SetCap(ctx.Context, key, n, d.by, -1); err != nil {
		return fmt.Errorf("set cap of %s: %w", key, err)
	}
	set, _, err := d.store.Caps(ctx.Context)
	if err != nil {
		return err
	}
	holds := capOf(d.defaultCaps(), set, key)
	return d.print(holds, func() error {
		switch n {
		case removeCap:
			d.line("%s has no cap of its own any more", key)
		case 0:
			d.line("%s is paused: nothing new begins", key)
		default:
			d.line("%s may have %d operations in progress", key, n)
		}
		return nil
	})
}

// capOf returns what holds for one key. It is pure.
func capOf(defaults admission.Caps, set []catalog.Cap, key string) limitSet {
	for _, l := range limitsOf(defaults, set, []admission.KeyUsage{{Key: admission.Key(key)}}, false) {
		if l.Key == key {
			return limitSet{Key: key, Concurrency: l.Concurrency, Origin: l.Origin}
		}
	}
	return limitSet{Key: key}
}

// concurrency reads concurrency=N.
func (c *checks) concurrency(text string) int {
	value, ok := strings.CutPrefix(text, "concurrency=")
	if ok && value == "default" {
		return removeCap
	}
	n, err := strconv.Atoi(value)
	if !ok || err != nil || n < 0 || n > maxConcurrency {
		c.add("", "%q is no limit: write concurrency=N with N from 0 (paused) to %d, or concurrency=default", text, maxConcurrency)
	}
	return n
}
