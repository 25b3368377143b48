package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/driver/conformance"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/verify"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

const everyKind = "all"

// verifyCommand tries drivers where the user says; it needs no configuration.
func verifyCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "try drivers against a target, check by check, and say what each can do",
		Description: "The checks are those every driver has to pass before a release. The simulated organization (--target sim)\n" +
			"is made for each check and needs nothing; with it anything can be tried, failures of AWS too. With moto\n" +
			"(--target moto) a resource of each kind it can make is taken through its life over the wire.\n" +
			"A check is unsupported only where AWS has no such thing; one failure makes the exit code 1.\n\n" +
			"Examples:\n\n   holdfast driver verify\n   holdfast driver verify --kind ebs --engine aws-backup\n" +
			"   holdfast driver verify --target moto\n" +
			"   holdfast driver verify --output json | jq '.results[] | select(.result==\"fail\")'",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "kind", Value: everyKind, Usage: "the `KIND` to try, or all"},
			&cli.StringFlag{Name: "engine", Usage: "the `ENGINE` to try, native or aws-backup (default: every engine of the kind)"},
			&cli.StringFlag{Name: "target", Value: targetSim, Usage: "`WHERE`: sim, the simulated organization, or moto, an emulator of AWS"},
			&cli.StringFlag{Name: "endpoint", Usage: "with --target moto: `URL` of a moto_server that runs (default: one is started, and ended)"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "`NUMBER` that random choices follow from: the same seed, the same choices"},
		},
		Action: func(ctx *cli.Context) error { return verifyDrivers(ctx, env) },
	}
}

// The targets.
const (
	targetSim  = "sim"
	targetMoto = "moto"
)

func verifyDrivers(ctx *cli.Context, env Env) error {
	subjects, err := subjectsOf(ctx)
	if err != nil {
		return err
	}
	run := verifySimulated
	if ctx.String("target") == targetMoto {
		run = verifyMoto
	}
	results, err := run(ctx, env, subjects)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if err := printVerified(ctx, env, subjects, results); err != nil {
		return err
	}
	if n := verify.Failed(results); n > 0 {
		return &exitError{code: codeFailed, silent: true, err: fmt.Errorf("%d of %d checks failed", n, len(results))}
	}
	return nil
}

func verifySimulated(ctx *cli.Context, env Env, subjects []verify.Subject) ([]verify.Result, error) {
	o := verify.Options{Seed: ctx.Uint64("seed"), Parallel: runtime.GOMAXPROCS(0)}
	if !jsonWanted(ctx) {
		o.Done = func(done, all int) { showDone(env, done, all) }
	}
	return verify.Run(ctx.Context, subjects, o)
}

// subjectsOf returns the drivers the flags ask for, on their target.
func subjectsOf(ctx *cli.Context) ([]verify.Subject, error) {
	var c checks
	c.noArguments(ctx)
	target := ctx.String("target")
	if target != targetSim && target != targetMoto {
		c.add("--target", "%q: use %s or %s", target, targetSim, targetMoto)
	}
	if ctx.IsSet("endpoint") && target != targetMoto {
		c.add("--endpoint", "is for --target %s", targetMoto)
	}
	engine := driver.Engine(ctx.String("engine"))
	if _, err := driver.ParseEngine(string(engine)); engine != "" && err != nil {
		c.add("--engine", "%v", err)
	}
	kind := resource.Kind(ctx.String("kind"))
	if _, err := resource.ParseKind(string(kind)); kind != everyKind && err != nil {
		c.add("--kind", "%v, or all", err)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	var subjects []verify.Subject
	for _, d := range all.New(nil).All() {
		of, by := d.Descriptor().Kind, driver.EngineOf(d)
		if kind != everyKind && kind != of || engine != "" && engine != by {
			continue
		}
		tried, ok := d.(conformance.Tried)
		if !ok {
			return nil, fmt.Errorf("the %s driver of %s does not say how to try it", by, of)
		}
		if target == targetMoto && tried.Wiring().Make == nil {
			continue
		}
		subjects = append(subjects, verify.Subject{Driver: tried, Harness: simulated(of, by)})
	}
	if len(subjects) == 0 && target == targetMoto {
		c.add("--kind", "moto cannot make a resource of %s: use --target %s", kind, targetSim)
	} else if len(subjects) == 0 {
		c.add("--engine", "%s has no engine %s: use %s", kind, engine, joined(all.New(nil).Engines(kind)))
	}
	return subjects, c.err()
}

// simulated returns the harness of a driver on the simulated organization.
func simulated(kind resource.Kind, engine driver.Engine) conformance.Harness {
	return simharness.Of(func(p awssession.Provider) conformance.Tried {
		d, _ := all.New(p).For(kind, engine)
		return d.(conformance.Tried) // subjectsOf has looked
	})
}

// showDone tells how far the checks are: in place on a terminal, at each quarter elsewhere.
func showDone(env Env, done, all int) {
	switch {
	case env.Terminal && done == all:
		fmt.Fprintf(env.Stderr, "\r%*s\r", len("of checks")+20, "")
	case env.Terminal:
		fmt.Fprintf(env.Stderr, "\r%d of %d checks", done, all)
	case done*4/all > (done-1)*4/all:
		fmt.Fprintf(env.Stderr, "%d of %d checks\n", done, all)
	}
}

func printVerified(ctx *cli.Context, env Env, subjects []verify.Subject, results []verify.Result) error {
	if jsonWanted(ctx) {
		if results == nil {
			results = []verify.Result{}
		}
		return printJSON(env.Stdout, map[string]any{"results": results})
	}
	header := []string{"KIND", "ENGINE"}
	for _, ability := range conformance.Abilities() {
		header = append(header, strings.ToUpper(strings.ReplaceAll(string(ability), "_", " ")))
	}
	rows := make([][]string, 0, len(subjects))
	for _, s := range subjects {
		kind, engine := s.Driver.Descriptor().Kind, driver.EngineOf(s.Driver)
		row := []string{string(kind), string(engine)}
		for _, ability := range conformance.Abilities() {
			row = append(row, cell(results, kind, engine, ability))
		}
		rows = append(rows, row)
	}
	if err := table(env.Stdout, header, rows); err != nil {
		return err
	}
	for _, r := range results {
		if r.Outcome == verify.Fail {
			fmt.Fprintf(env.Stdout, "\n%s by %s, %s: FAIL\n   %s\n", r.Kind, r.Engine, r.Check, strings.ReplaceAll(r.Detail, "\n", "\n   "))
		}
	}
	_, err := fmt.Fprintf(env.Stdout, "\n%s, %d failed; - is what AWS has not, . what was not tried\n", counted(len(results), "check"), verify.Failed(results))
	return err
}

// cell shows an ability in a few letters.
func cell(results []verify.Result, kind resource.Kind, engine driver.Engine, ability conformance.Ability) string {
	outcome, ok := verify.Cell(results, kind, engine, ability)
	names := []verify.Outcome{verify.Pass, verify.Fail, verify.Unsupported}
	if !ok {
		return "."
	}
	return []string{"ok", "FAIL", "-"}[slices.Index(names, outcome)]
}
