package cli

import (
	"slices"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/policy"
	"holdfast/policy/format"
	"holdfast/policy/orgpolicy"
)

func validateCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "validate", Usage: "check policy documents of any format; nothing is changed",
		ArgsUsage: "[FILE...]",
		Description: "Tells by content what each file is: Holdfast's YAML (all of them are checked as one set), a plan\n" +
			"or selection of AWS Backup, a backup policy of AWS Organizations, or an effective one. Prints\n" +
			"everything that is wrong at once, with file and line, and exits with 2. Warnings do not make a\n" +
			"policy invalid; what a policy of an organization lacks is one, since another level may have it.\n" +
			"Without files it checks what the configuration names, the policies of an organization included.\n\n" +
			"Examples:\n\n   holdfast policy validate policies/*.yaml\n   holdfast policy validate root.json account.json plan.json --output json",
		Flags:  []cli.Flag{configFlag()},
		Action: func(ctx *cli.Context) error { return validatePolicy(ctx, env) },
	}
}

// mixedFormats is the format of documents that are not all of one.
const mixedFormats = "mixed"

// validation is the JSON of valid documents.
type validation struct {
	Valid     bool             `json:"valid"`
	Format    string           `json:"format"` // of all of them, or "mixed"
	Files     []string         `json:"files"`
	Documents []validDocument  `json:"documents"`
	Plans     int              `json:"plans"` // of Holdfast's own
	Rules     int              `json:"rules"`
	Warnings  []policy.Problem `json:"warnings"`
}

type validDocument struct {
	File   string        `json:"file"`
	Format format.Format `json:"format"`
}

func validatePolicy(ctx *cli.Context, env Env) error {
	named, err := namedPolicies(ctx, env)
	if err != nil {
		return err
	}
	files, err := app.ReadPolicies(named.files)
	if err != nil {
		return badInput("%w", err)
	}
	v := validation{Valid: true, Files: append([]string{}, named.files...), Documents: []validDocument{}, Warnings: []policy.Problem{}}
	if named.organization != "" {
		v.Format = string(format.OrgPolicy)
	}
	own, problems := v.others(files)
	organization, err := organizationProblems(named.organization)
	if err != nil {
		return badInput("%w", err)
	}
	problems = append(problems, organization...)
	if len(own) > 0 {
		set, result := policy.Compile(own, app.Capabilities(named.drivers))
		problems = append(problems, problemList(format.KindInvalid, result.Problems)...)
		v.Warnings = append(v.Warnings, result.Warnings...)
		v.count(set)
	}
	if len(problems) > 0 {
		return refusal(problems)
	}
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, v)
	}
	for _, w := range v.Warnings {
		writeLine(env.Stderr, "holdfast: warning: %s", w)
	}
	if named.organization != "" {
		writeLine(env.Stdout, "valid: the policies of the organization in %s", named.organization)
	}
	if len(files) == 0 {
		return nil
	}
	if v.Format != string(format.Holdfast) {
		writeLine(env.Stdout, "valid: %d documents (%s), %d warnings", len(named.files), v.Format, len(v.Warnings))
		return nil
	}
	writeLine(env.Stdout, "valid: %d plans with %d rules in %d files, %d warnings", v.Plans, v.Rules, len(named.files), len(v.Warnings))
	return nil
}

// others checks every document that is not Holdfast's own, and returns those that are.
func (v *validation) others(files []policy.File) (own []policy.File, problems []problem) {
	for _, f := range files {
		kind := format.Recognise(f)
		v.Documents = append(v.Documents, validDocument{File: f.Name, Format: kind})
		switch v.Format {
		case "", string(kind):
			v.Format = string(kind)
		default:
			v.Format = mixedFormats
		}
		if kind == format.Holdfast {
			own = append(own, f)
			continue
		}
		verdict := format.Check(f, kind)
		problems = append(problems, problemList(verdict.Kind, verdict.Problems)...)
		v.Warnings = append(v.Warnings, verdict.Warnings...)
	}
	return own, problems
}

func (v *validation) count(set *policy.Set) {
	if set == nil {
		return
	}
	v.Plans = len(set.Plans)
	for _, p := range set.Plans {
		v.Rules += len(p.Rules)
	}
}

// policyNames is what policy validate checks.
type policyNames struct {
	files        []string
	organization string // directory with the policies of an organization, "" for none
	drivers      *driver.Registry
}

// namedPolicies returns the files given, for everything this binary can do; or what the
// configuration names, for the kinds it enables.
func namedPolicies(ctx *cli.Context, env Env) (policyNames, error) {
	if files := ctx.Args().Slice(); len(files) > 0 {
		return policyNames{files: files, drivers: all.New(nil)}, nil
	}
	cfg, err := loadConfig(ctx, env)
	if err != nil {
		return policyNames{}, err
	}
	named := policyNames{organization: cfg.OrganizationDir(), drivers: app.PlanningDrivers(cfg)}
	if named.files, err = cfg.PolicyFiles(); err != nil {
		return policyNames{}, err
	}
	if len(named.files) == 0 && named.organization == "" {
		return policyNames{}, badInput("the configuration names no policies: name files, as in: holdfast policy validate policies/*.yaml")
	}
	return named, nil
}

// organizationProblems returns what is wrong with the layout of an organization's directory
// or with the effective policy of any of its accounts.
func organizationProblems(dir string) ([]problem, error) {
	if dir == "" {
		return nil, nil
	}
	root, layout, err := app.ReadOrganization(dir)
	if err != nil || len(layout) > 0 {
		return problemList(format.KindInvalid, layout), err
	}
	var problems []problem
	for _, g := range orgpolicy.Groups(root) {
		for _, p := range problemList(format.KindEffective, g.Problems) {
			if !slices.Contains(problems, p) { // groups share what they inherit
				problems = append(problems, p)
			}
		}
	}
	return problems, nil
}
