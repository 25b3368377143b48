package cli

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/catalog"
	"holdfast/catalog/ledger"
)

func auditCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "audit", Usage: "read, check and take out the ledger of everything that happened",
		Subcommands: []*cli.Command{auditListCommand(env), auditVerifyCommand(env), auditExportCommand(env)},
	}
}

func auditListCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list what happened, newest first: decisions, AWS calls, state changes, what people did",
		Description: "Examples:\n\n   holdfast audit list --actor ana --since 7d\n   holdfast audit list --job 6mpz72yzs7geu2grkcuv6eq3hw --output json\n" +
			"   holdfast audit list --type hold",
		Flags: serverFlags(
			&cli.StringFlag{Name: "job", Usage: "only events of this `JOB`"},
			&cli.StringFlag{Name: "point", Usage: "only events of this recovery `POINT`"},
			&cli.StringFlag{Name: "actor", Usage: "only what this `ACTOR` did: a user, scheduler, or a worker"},
			&cli.StringFlag{Name: "type", Usage: "only events of this `TYPE`, such as job.state, or of its first part: job"},
			&cli.StringFlag{Name: "text", Usage: "only events with this `TEXT` in what they say"},
			&cli.StringFlag{Name: "since", Usage: "only events since `TIME` (RFC 3339, or how long ago: 36h, 7d)"},
			&cli.StringFlag{Name: "until", Usage: "only events before `TIME`"},
			&cli.Int64Flag{Name: "before", Usage: "go on before the event `NUMBER`, the last one of the page before"},
			&cli.IntFlag{Name: "limit", Value: defaultListLimit, Usage: "at most this many"},
		),
		Action: serviceAction(env, listEvents),
	}
}

// eventList is what `audit list --output json` prints.
type eventList struct {
	Events []catalog.Event `json:"events"`
	Before int64           `json:"before,omitempty"`
}

func listEvents(ctx *cli.Context, d *desk) error {
	var c checks
	c.noArguments(ctx)
	now := d.clock.Now()
	f := catalog.EventSearch{
		JobID: lowered(ctx, "job"), PointID: lowered(ctx, "point"), Actor: ctx.String("actor"), Type: ctx.String("type"), Text: ctx.String("text"),
		Until: c.instant(ctx, "until", now), Before: ctx.Int64("before"), Limit: c.limit(ctx, maxListLimit),
	}
	since := c.instant(ctx, "since", now)
	if ctx.IsSet("before") && f.Before < 2 {
		c.add("--before", "is %d: there is no event before it", f.Before)
	}
	if err := c.err(); err != nil {
		return err
	}
	page, err := d.do.SearchEvents(ctx.Context, f)
	if err != nil {
		return err
	}
	list := eventList{Events: []catalog.Event{}, Before: page.Next}
	for _, e := range page.Events {
		if e.At.Before(since) {
			list.Before = 0 // what comes next is older still
			continue
		}
		list.Events = append(list.Events, e)
	}
	return d.print(list, func() error { return d.eventTable(list) })
}

func (d *desk) eventTable(list eventList) error {
	if len(list.Events) == 0 {
		d.line("no events")
		return nil
	}
	rows := make([][]string, len(list.Events))
	for i, e := range list.Events {
		subject := e.JobID
		if subject == "" {
			subject = e.PointID
		}
		rows[i] = []string{strconv.FormatInt(e.Seq, 10), instantText(e.At), e.Type, e.Actor, subject, e.From, e.To, e.Message}
	}
	if err := table(d.env.Stdout, []string{"EVENT", "TIME", "TYPE", "ACTOR", "SUBJECT", "FROM", "TO", "WHAT"}, rows); err != nil {
		return err
	}
	if list.Before > 0 {
		d.note("there are more: go on with --before %d", list.Before)
	}
	return nil
}

func auditVerifyCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "compare the ledger with its seals and name what was changed, taken out, added or moved",
		Description: "Seals are chained and, where ledger.key is set, signed. Keep the head a check prints and give it to a later one\n" +
			"with --anchor: then even a chain that was rewritten from its beginning is found.\n\n" +
			"Exits with 3 when something is wrong.\n\n" +
			"Examples:\n\n   holdfast audit verify\n   holdfast audit verify --file ledger.jsonl --anchor 812:5f0c…",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "file", Usage: "check this `FILE` of `holdfast audit export` instead of the catalog", TakesFile: true},
			&cli.StringFlag{Name: "anchor", Usage: "the head of an earlier check, `NUMBER:HASH`, that must still be in the chain"},
		},
		Action: func(ctx *cli.Context) error {
			var c checks
			c.noArguments(ctx)
			if err := c.err(); err != nil {
				return err
			}
			if ctx.IsSet("file") {
				return verifyFile(ctx, env)
			}
			return deskAction(env, verifyLedger)(ctx)
		},
	}
}

func verifyLedger(ctx *cli.Context, d *desk) error {
	report, err := ledger.Check(ctx.Context, d.store, app.LedgerKeys(d.cfg), ctx.String("anchor"))
	if err != nil {
		return err
	}
	return d.ledgerVerdict(report)
}

// verifyFile needs no catalog: whoever keeps an export can check it.
func verifyFile(ctx *cli.Context, env Env) (err error) {
	cfg, err := loadConfig(ctx, env)
	if err != nil {
		return err
	}
	file, err := os.Open(ctx.String("file"))
	if err != nil {
		return badInput("--file: %v", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	report, err := ledger.CheckExport(file, app.LedgerKeys(cfg), ctx.String("anchor"))
	if err != nil {
		return badInput("%s: %v", ctx.String("file"), err)
	}
	d := &desk{env: env, json: jsonWanted(ctx)}
	return d.ledgerVerdict(report)
}

// ledgerVerdict prints a report and exits by it.
func (d *desk) ledgerVerdict(r ledger.Report) error {
	if r.Findings == nil {
		r.Findings = []ledger.Finding{}
	}
	if err := d.print(r, func() error { return d.reportText(r) }); err != nil {
		return err
	}
	if !r.Good() {
		return d.outcome(codeAttention, "the ledger is not as it was sealed: %d findings", len(r.Findings)+r.Omitted)
	}
	return nil
}

func (d *desk) reportText(r ledger.Report) error {
	for _, f := range r.Findings {
		d.line("%-9s segment %d: %s", f.Kind, f.Segment, f.Message)
	}
	if r.Omitted > 0 {
		d.line("and %d more", r.Omitted)
	}
	tail := "none"
	if r.Unsealed.Events > 0 {
		tail = fmt.Sprintf("%d events, from %d to %d, since %s", r.Unsealed.Events, r.Unsealed.First, r.Unsealed.Last, instantText(r.Unsealed.Oldest))
	}
	return fields(d.env.Stdout, [][2]string{
		{"Sealed", fmt.Sprintf("%d events in %d segments, %d of them signed", r.Events, r.Segments, r.Signed)},
		{"Pruned", fmt.Sprintf("%d events", r.Pruned)}, {"Not sealed", tail}, {"Head", r.Head},
	})
}

func auditExportCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write the whole ledger with its seals as JSON Lines",
		Description: "`holdfast audit verify` checks such a file without the catalog.\n\n" +
			"Example:\n\n   holdfast audit export --out ledger.jsonl",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "out", Usage: "write to this new `FILE` instead of standard output", TakesFile: true},
		},
		Action: deskAction(env, exportLedger),
	}
}

func exportLedger(ctx *cli.Context, d *desk) (err error) {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	out := d.env.Stdout
	if name := ctx.String("out"); name != "" {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the user names the file
		if err != nil {
			return badInput("--out: %v", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	n, err := ledger.Export(ctx.Context, d.store, out)
	if err == nil {
		d.note("%d events are written", n)
	}
	return err
}
