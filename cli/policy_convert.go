package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/policy"
	"holdfast/policy/format"
)

func convertCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "convert", Usage: "write a policy document in another format",
		ArgsUsage: "FILE",
		Description: "Reads Holdfast's YAML, a plan of AWS Backup, a backup policy of AWS Organizations or an effective\n" +
			"one, and prints the same policy in another format. Nothing is lost: what the other format cannot\n" +
			"express is listed with its path, and the exit code is 2.\n\n" +
			"Examples:\n\n" +
			"   holdfast policy convert --to yaml plan.json\n" +
			"   holdfast policy convert --to backup-plan --plan production policy.yaml\n" +
			"   holdfast policy convert --to org-policy policy.yaml > root.json",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "the `FORMAT`: " + strings.Join(format.Targets, ", ")},
			&cli.StringFlag{Name: "plan", Usage: "convert only the plan of this `NAME`"},
		},
		Action: func(ctx *cli.Context) error { return convertPolicy(ctx, env) },
	}
}

// conversion is the JSON of policy convert to YAML; the other formats are JSON themselves.
type conversion struct {
	Format   string `json:"format"`
	Document string `json:"document"`
}

func convertPolicy(ctx *cli.Context, env Env) error {
	var c checks
	if n := ctx.Args().Len(); n != 1 {
		c.add("", "%d files: give the one to convert", n)
	}
	target := ctx.String("to")
	if !slices.Contains(format.Targets, target) {
		c.add("--to", "%q is not a format: use %s", target, strings.Join(format.Targets, ", "))
	}
	if err := c.err(); err != nil {
		return err
	}
	files, err := app.ReadPolicies(ctx.Args().Slice())
	if err != nil {
		return badInput("%w", err)
	}
	doc, _, kind, problems := format.Read(files[0])
	if len(problems) > 0 {
		return problemsOf(kind, problems)
	}
	if doc, err = onePlan(doc, ctx.String("plan")); err != nil {
		return err
	}
	data, problems := format.Write(doc, target)
	if len(problems) > 0 {
		for i := range problems {
			problems[i].File = files[0].Name
		}
		return problemsOf(format.KindInexpressible, problems)
	}
	if target == "yaml" && jsonWanted(ctx) {
		return printJSON(env.Stdout, conversion{Format: target, Document: string(data)})
	}
	_, err = env.Stdout.Write(data)
	return err
}

// onePlan returns the document with the named plan only; without a name, all of it.
func onePlan(doc policy.Document, name string) (policy.Document, error) {
	if name == "" {
		return doc, nil
	}
	var names []string
	for _, p := range doc.Plans {
		if strings.EqualFold(p.Name, name) {
			return policy.Document{Plans: []policy.PlanDocument{p}}, nil
		}
		names = append(names, p.Name)
	}
	return doc, badInput("--plan: %w", fmt.Errorf("there is no plan %q: the plans are %s", name, strings.Join(names, ", ")))
}

func schemaCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "schema", Usage: "print a JSON Schema of policy files, for editors",
		Description: "Editors with a YAML language server check a file as it is typed when it begins with\n\n" +
			"   # yaml-language-server: $schema=policy.schema.json\n\n" +
			"Example:\n\n   holdfast policy schema > policy.schema.json",
		Action: func(*cli.Context) error {
			data, err := policy.JSONSchema()
			if err == nil {
				_, err = env.Stdout.Write(data)
			}
			return err
		},
	}
}
