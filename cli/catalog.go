package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/catalog/archive"
	"holdfast/catalog/rebuild"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/policy"
	"holdfast/resource"
)

func catalogCommand(env Env) *cli.Command {
	places := []cli.Flag{
		configFlag(),
		&cli.StringFlag{Name: "account", Usage: "only this `ACCOUNT`"},
		&cli.StringSliceFlag{Name: "region", Usage: "these `REGIONS` too, beside aws.regions and where copy actions lead"},
	}
	return &cli.Command{
		Name: "catalog", Usage: "rebuild the catalog from AWS, compare it, take it out and in",
		Subcommands: []*cli.Command{
			{
				Name: "rebuild", Usage: "take over every recovery point of this installation that AWS has",
				Description: "After the database is lost: start with an empty one, run `holdfast inventory sync`, then this, then\n" +
					"`holdfast catalog import` of the last export if there is one, then the schedulers. What the catalog has\n" +
					"already stays as it is. Nothing on AWS is changed. A run that was stopped, or killed, goes on where it was\n" +
					"when it is started again within a day: what was listed is kept, one account, region and kind at a time.\n" +
					"AWS is asked within the API budgets.\n\n" +
					"Legal holds, vault locks and history are on no mark: they come from an export alone.\n\n" +
					"Exits with 3 when something could not be listed or taken over.\n\n" +
					"Examples:\n\n   holdfast catalog rebuild --dry-run\n   holdfast catalog rebuild --output json",
				Flags: append(slices.Clone(places),
					&cli.BoolFlag{Name: "dry-run", Usage: "say what would be taken over and change nothing"},
					&cli.BoolFlag{Name: "restart", Usage: "list every place again, also those that a run which was stopped has listed within a day"}),
				Action: func(ctx *cli.Context) error { return withAWS(ctx, env, rebuildCatalog) },
			},
			{
				Name: "verify", Usage: "compare the catalog's recovery points with what AWS has",
				Description: "Lists what is missing on AWS, extra there, changed, orphaned (what it was made of is gone) and\n" +
					"undeletable, with what it costs at AWS's list price at most. Nothing is changed.\n\n" +
					"Exits with 3 when there is drift or a place could not be listed.\n\nExample:\n\n   holdfast catalog verify --output json",
				Flags:  places,
				Action: func(ctx *cli.Context) error { return withAWS(ctx, env, verifyCatalog) },
			},
			{
				Name: "export", Usage: "write recovery points, legal holds and vault locks as JSON Lines",
				Description: "Example:\n\n   holdfast catalog export --out catalog.jsonl",
				Flags:       []cli.Flag{configFlag(), &cli.StringFlag{Name: "out", Usage: "write to this new `FILE` instead of standard output", TakesFile: true}},
				Action:      deskAction(env, exportCatalog),
			},
			{
				Name: "import", Usage: "read what `holdfast catalog export` wrote; what is there already stays as it is",
				Description: "Example:\n\n   holdfast catalog import --file catalog.jsonl",
				Flags:       []cli.Flag{configFlag(), &cli.StringFlag{Name: "file", Usage: "the `FILE` to read", TakesFile: true}},
				Action:      deskAction(env, importCatalog),
			},
		},
	}
}

// survey is what AWS has, and what is known beside it.
type survey struct {
	d        *desk
	cfg      *config.Config
	drivers  *driver.Registry
	scans    []rebuild.Scan
	policies *policy.Set
	items    map[string]catalog.InventoryItem
	resume   bool // what is listed is kept until it was taken over
	resumed  int  // places that a run before this one listed
}

// withAWS lists every place and hands do what was found.
func withAWS(ctx *cli.Context, env Env, do func(*cli.Context, *survey) error) error {
	cfg, err := loadConfig(ctx, env)
	if err != nil {
		return err
	}
	// Budgets are shared with the running fleet where its Redis can be reached.
	a, err := app.New(ctx.Context, app.Options{
		Config: cfg, Clock: env.Clock, Log: zerolog.Nop(), WithoutRedis: cfg.Redis.Mode == config.RedisEmbedded,
	})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // everything was committed by then
	s := &survey{
		d:   &desk{env: env, cfg: cfg, store: a.Store, clock: env.Clock, drivers: a.Drivers, json: jsonWanted(ctx)},
		cfg: cfg, drivers: a.Drivers, items: map[string]catalog.InventoryItem{},
	}
	if s.resume = ctx.Command.Name == "rebuild"; s.resume && ctx.Bool("restart") {
		if err := a.Store.ForgetSurvey(ctx.Context); err != nil {
			return err
		}
	}
	var c checks
	c.noArguments(ctx)
	accounts, err := a.Accounts(ctx.Context)
	if err != nil {
		return err
	}
	accounts = c.narrow(ctx, "account", accounts)
	for _, region := range ctx.StringSlice("region") {
		if !resource.ValidRegion(region) {
			c.add("--region", "%q is no region", region)
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	if s.policies, err = s.d.policies(ctx.Context); err != nil {
		return err
	}
	if err := s.take(ctx.Context, accounts, splitAll(ctx.StringSlice("region"))); err != nil {
		return s.stopped(err)
	}
	return do(ctx, s)
}

// stopped says that a run which was interrupted is not done.
func (s *survey) stopped(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	next := "start it again"
	if s.resume {
		next += ": it goes on where it was"
	}
	return &exitError{code: codeFailed, err: errors.New("stopped before everything was listed; " + next)}
}

// listingPatience is how long one call waits for its turn.
const listingPatience = 10 * time.Minute

// take lists the inventory and every place.
func (s *survey) take(ctx context.Context, accounts, more []string) error {
	err := s.d.store.Resources(ctx, catalog.ResourceFilter{IncludeGone: true}, func(item catalog.InventoryItem) error {
		s.items[item.ARN] = item
		return nil
	})
	if err != nil {
		return err
	}
	s.scans = rebuild.Scans(s.drivers, s.places(accounts, more))
	if s.resume {
		if s.resumed, err = rebuild.Resume(ctx, s.d.store, s.scans, s.d.clock.Now()); err != nil {
			return err
		}
		if s.resumed > 0 {
			s.d.note("going on: %d of %d places were listed by a run that was stopped; --restart lists them again", s.resumed, len(s.scans))
		}
	}
	done := s.resumed
	// A listing has nothing to go back to: a call that finds its API budget used up waits.
	return rebuild.Run(awssession.WithPatience(ctx, listingPatience), s.drivers, clock.System(), s.scans, func(scan rebuild.Scan) error {
		if done++; !s.d.json && (done%100 == 0 || done == len(s.scans)) {
			s.d.note("%d of %d places listed", done, len(s.scans))
		}
		if !s.resume {
			return nil
		}
		return rebuild.Keep(ctx, s.d.store, scan, s.d.clock.Now())
	})
}

// places are the configured accounts and regions, and wherever copy actions lead.
func (s *survey) places(accounts, more []string) []resource.Scope {
	seen := map[resource.Scope]bool{}
	var scopes []resource.Scope
	add := func(account, region string) {
		scope := resource.Scope{Partition: s.cfg.AWS.Partition, Account: account, Region: region}
		if !seen[scope] {
			seen[scope] = true
			scopes = append(scopes, scope)
		}
	}
	for _, account := range accounts {
		for _, region := range slices.Concat(s.cfg.AWS.Regions, more) {
			add(account, region)
		}
		if s.policies == nil {
			continue
		}
		for _, plan := range s.policies.Plans {
			for _, rule := range plan.Rules {
				for _, action := range rule.CopyActions {
					to := action.For(account)
					add(to.Account, to.Region)
				}
			}
		}
	}
	return scopes
}

// unlisted is a place whose listing failed.
type unlisted struct {
	Place   string `json:"place"`
	Class   string `json:"class"`
	Message string `json:"message"`
}

func (s *survey) unlisted() []unlisted {
	list := []unlisted{}
	for _, scan := range s.scans {
		if !scan.Complete() {
			list = append(list, unlisted{scan.String(), string(scan.Class), scan.Message})
		}
	}
	return list
}

// needsInput is a point a restore of which asks for parameters.
type needsInput struct {
	Point   string `json:"point"`
	Message string `json:"message"`
}

// rebuilt is what `catalog rebuild --output json` prints.
type rebuilt struct {
	DryRun       bool                    `json:"dry_run"`
	Found        int                     `json:"found"`   // ours, that can be taken over
	Adopted      int                     `json:"adopted"` // new in the catalog
	Foreign      int                     `json:"foreign"`
	Pending      int                     `json:"pending"`
	Inconsistent []rebuild.Inconsistency `json:"inconsistent"`
	NeedsInput   []needsInput            `json:"needs_input"`
	Unlisted     []unlisted              `json:"unlisted"`
	Places       int                     `json:"places"`  // account, region, kind and engine
	Resumed      int                     `json:"resumed"` // places listed by a run that was stopped
}

func rebuildCatalog(ctx *cli.Context, s *survey) error {
	var found []rebuild.Found
	for _, scan := range s.scans {
		found = append(found, scan.Found...)
	}
	adoption := rebuild.Adopt(found, rebuild.Facts{
		Installation: s.cfg.Installation, Policies: s.policies, Drivers: s.drivers,
		Source: func(arn string) (resource.Resource, bool) { item, ok := s.items[arn]; return item.Resource, ok },
	})
	result := rebuilt{
		Places: len(s.scans), Resumed: s.resumed,
		DryRun: ctx.Bool("dry-run"), Found: len(adoption.Points), Foreign: adoption.Foreign, Pending: adoption.Pending,
		Inconsistent: append([]rebuild.Inconsistency{}, adoption.Inconsistent...), NeedsInput: s.needsInput(adoption.Points), Unlisted: s.unlisted(),
	}
	if !result.DryRun {
		n, err := s.d.store.AdoptPoints(ctx.Context, adoption.Points, userOf(s.d.env.Environ))
		if err != nil {
			return err
		}
		result.Adopted = n
		if len(result.Unlisted) == 0 { // else the next run asks for those only
			if err := s.d.store.ForgetSurvey(ctx.Context); err != nil {
				return err
			}
		}
	}
	d := s.d
	if err := d.print(result, func() error { return s.rebuiltText(result) }); err != nil {
		return err
	}
	if len(result.Unlisted)+len(result.Inconsistent) > 0 {
		return s.d.outcome(codeAttention, "%d places could not be listed, %d recovery points could not be taken over", len(result.Unlisted), len(result.Inconsistent))
	}
	return nil
}

// needsInput finds the points whose restore asks for something.
func (s *survey) needsInput(points []catalog.RecoveryPoint) []needsInput {
	list := []needsInput{}
	for _, p := range points {
		d, ok := s.drivers.For(p.Kind, p.Engine)
		restorer, can := d.(driver.Restorer)
		if !ok || !can {
			continue
		}
		_, err := restorer.PlanRestore(driver.RestoreRequest{Scope: p.Scope(), Point: p.Point(), Resource: p.Source})
		if missing, ok := errors.AsType[*driver.ParameterError](err); ok {
			list = append(list, needsInput{p.ID, strings.Join(missing.Problems, "; ")})
		}
	}
	return list
}

func (s *survey) rebuiltText(r rebuilt) error {
	for _, i := range r.Inconsistent {
		s.d.line("inconsistent  %s %s in %s/%s: %s", i.Kind, i.Ref, i.Account, i.Region, i.Reason)
	}
	for _, n := range r.NeedsInput {
		s.d.line("needs input   %s: a restore asks: %s", n.Point, n.Message)
	}
	for _, u := range r.Unlisted {
		s.d.line("not listed    %s: %s", u.Place, u.Message)
	}
	return fields(s.d.env.Stdout, [][2]string{
		{"Found", fmt.Sprintf("%d recovery points of %s", r.Found, s.cfg.Installation)}, {"Taken over", fmt.Sprint(r.Adopted)},
		{"Not ready", fmt.Sprint(r.Pending)}, {"Foreign", fmt.Sprintf("%d of other installations, left alone", r.Foreign)},
	})
}

// verified is what `catalog verify --output json` prints.
type verified struct {
	Points   int             `json:"points"` // in the catalog
	Drift    []rebuild.Drift `json:"drift"`
	Unlisted []unlisted      `json:"unlisted"`
}

func verifyCatalog(ctx *cli.Context, s *survey) error {
	points, err := archive.Points(ctx.Context, s.d.store)
	if err != nil {
		return err
	}
	for i, p := range points {
		points[i].Engine = cmp.Or(p.Engine, s.drivers.DefaultEngine(p.Kind))
	}
	problems, err := s.problems(ctx.Context, points)
	if err != nil {
		return err
	}
	drift := rebuild.Compare(s.scans, rebuild.World{
		Installation: s.cfg.Installation, Now: s.d.clock.Now(), Points: points,
		Gone:    func(arn string) bool { item, ok := s.items[arn]; return ok && !item.GoneAt.IsZero() },
		Problem: func(id string) string { return problems[id] },
	})
	result := verified{Points: len(points), Drift: append([]rebuild.Drift{}, drift...), Unlisted: s.unlisted()}
	d := s.d
	if err := d.print(result, func() error { return s.verifiedText(result) }); err != nil {
		return err
	}
	if len(result.Drift)+len(result.Unlisted) > 0 {
		return s.d.outcome(codeAttention, "%d differences, %d places could not be listed", len(result.Drift), len(result.Unlisted))
	}
	return nil
}

// problems returns what the last expiry of each point that is tried in vain said.
func (s *survey) problems(ctx context.Context, points []catalog.RecoveryPoint) (map[string]string, error) {
	found := map[string]string{}
	for _, p := range points {
		if p.ExpireAttempts == 0 {
			continue
		}
		jobs, err := s.d.store.ListJobs(ctx, catalog.JobFilter{Types: []driver.Operation{driver.Expire}, PointID: p.ID, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(jobs) > 0 && (jobs[0].State == catalog.Failed || jobs[0].Class != "") {
			found[p.ID] = rebuild.Undeleted(jobs[0].Class, jobs[0].Message)
		}
	}
	return found, nil
}

func (s *survey) verifiedText(r verified) error {
	rows := make([][]string, len(r.Drift))
	for i, d := range r.Drift {
		cost := "-"
		if d.MonthlyUSD > 0 {
			cost = fmt.Sprintf("$%.2f", d.MonthlyUSD)
		}
		rows[i] = []string{d.Kind, d.Point, string(d.Of), d.Account + "/" + d.Region, sizeText(d.SizeBytes), cost, d.Message}
	}
	if len(rows) > 0 {
		if err := table(s.d.env.Stdout, []string{"DRIFT", "POINT", "KIND", "WHERE", "SIZE", "A MONTH", "WHAT"}, rows); err != nil {
			return err
		}
	}
	for _, u := range r.Unlisted {
		s.d.line("not listed: %s: %s", u.Place, u.Message)
	}
	s.d.line("%d recovery points compared, %d differences", r.Points, len(r.Drift))
	return nil
}
