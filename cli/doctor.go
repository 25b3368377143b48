package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// doctorCommand checks a whole installation from where it is called.
func doctorCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "check the whole installation and say what to do about what is wrong",
		Description: "Checks configuration, policies, catalog and its disk, clocks, Redis and its queue, leader, workers,\n" +
			"API budgets, AWS roles, breakers, listings, accounts and regions that left, the ledger, stopped deletions,\n" +
			"notifications, what is at risk, and jobs that do not get on. Each finding names a page of docs/playbooks. Exit code 0: all is well, 1: something it depends on is down, 3: something\n" +
			"needs attention. It changes nothing, except that a catalog of an older version is migrated.\n\n" +
			"Examples:\n\n   holdfast doctor --config holdfast.yaml\n   holdfast doctor --output json | jq '.findings[] | select(.status != \"ok\")'",
		Flags: []cli.Flag{
			configFlag(),
			&cli.BoolFlag{Name: "skip-aws", Usage: "do not assume the roles"},
		},
		Action: func(ctx *cli.Context) error { return runDoctor(ctx, env) },
	}
}

// The statuses of a finding, good to bad.
const (
	statusOK   = "ok"
	statusWarn = "warn" // needs attention
	statusFail = "fail" // a dependency is down
)

// finding is one line of the doctor.
type finding struct {
	Check   string `json:"check"`
	Status  string `json:"status"` // ok, warn or fail
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"` // what to do
	// Playbook is the page with more of it.
	Playbook string `json:"playbook,omitempty"`
}

// playbook is the page about a check.
func playbook(check string) string { return "docs/playbooks/doctor-" + check + ".md" }

// diagnosis gathers findings.
type diagnosis struct{ findings []finding }

func (d *diagnosis) ok(check, format string, args ...any) {
	d.findings = append(d.findings, finding{Check: check, Status: statusOK, Message: fmt.Sprintf(format, args...)})
}

func (d *diagnosis) warn(check, remedy, format string, args ...any) {
	d.findings = append(d.findings, finding{
		Check: check, Status: statusWarn, Message: fmt.Sprintf(format, args...), Remedy: remedy, Playbook: playbook(check),
	})
}

func (d *diagnosis) fail(check, remedy, format string, args ...any) {
	d.findings = append(d.findings, finding{
		Check: check, Status: statusFail, Message: fmt.Sprintf(format, args...), Remedy: remedy, Playbook: playbook(check),
	})
}

// count returns how many findings have a status.
func (d *diagnosis) count(status string) int {
	n := 0
	for _, f := range d.findings {
		if f.Status == status {
			n++
		}
	}
	return n
}

func runDoctor(ctx *cli.Context, env Env) error {
	cfg, err := readConfig(ctx, env)
	if err != nil {
		return err
	}
	d := &diagnosis{}
	e := &examination{cfg: cfg, clock: env.Clock, found: d}
	e.configuration()
	opened := e.openCatalog(ctx.Context)
	if opened {
		defer func() { _ = e.app.Close() }()
	}
	e.policies(ctx.Context)
	if opened {
		e.stored(ctx.Context)
	}
	e.redis(ctx.Context)
	if e.app != nil && !ctx.Bool("skip-aws") {
		e.aws(ctx.Context)
	}
	return printDiagnosis(ctx, env, d)
}

func printDiagnosis(ctx *cli.Context, env Env, d *diagnosis) error {
	warned, down := d.count(statusWarn), d.count(statusFail)
	if jsonWanted(ctx) {
		doc := map[string]any{"healthy": warned+down == 0, "warnings": warned, "failures": down, "findings": d.findings}
		if err := printJSON(env.Stdout, doc); err != nil {
			return err
		}
	} else {
		printFindings(env, d)
	}
	silent := jsonWanted(ctx)
	switch {
	case down > 0:
		return &exitError{code: codeFailed, err: fmt.Errorf("%d checks failed, %d need attention", down, warned), silent: silent}
	case warned > 0:
		return &exitError{code: codeAttention, err: fmt.Errorf("%d checks need attention", warned), silent: silent}
	default:
		return nil
	}
}

func printFindings(env Env, d *diagnosis) {
	for _, f := range d.findings {
		writeLine(env.Stdout, "%-5s %-13s %s", f.Status, f.Check, f.Message)
		if f.Remedy != "" {
			writeLine(env.Stdout, "%-19s -> %s", "", f.Remedy)
			writeLine(env.Stdout, "%-19s    %s", "", f.Playbook)
		}
	}
}
