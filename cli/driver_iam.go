package cli

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/driver/iam"
	"holdfast/resource"
)

// The documents beside those of the roles.
const (
	documentTrust = "trust"
	documentHub   = "hub"
)

// The formats of driver iam.
const (
	formatJSON           = "json"
	formatCloudFormation = "cloudformation"
	formatTerraform      = "terraform"
)

// iamCommand prints what AWS must be given; it needs no configuration.
func iamCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "iam", Usage: "print the IAM policies of the roles: all that the drivers need, and no more",
		Description: "One role for each purpose (discover, backup, copy, restore, expire), the trust policy of all of them, and hub,\n" +
			"the policy of the role Holdfast itself runs with. Only expire may delete, and of snapshots only those that\n" +
			"carry this installation's mark. deploy/iam in the source has the same.\n\n" +
			"Examples:\n\n   holdfast driver iam --role expire --installation prod\n" +
			"   holdfast driver iam --role trust --external-id 7c1f --hub-role arn:aws:iam::111122223333:role/holdfast\n" +
			"   holdfast driver iam --format cloudformation > stackset.json\n   holdfast driver iam --format terraform > main.tf",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "role", Usage: "with --format json: the `ROLE` whose policy to print (discover, backup, copy, restore, expire), trust or hub (default: all)"},
			&cli.StringFlag{Name: "format", Value: formatJSON, Usage: "`FORMAT`: json, cloudformation (a template for a StackSet) or terraform"},
			&cli.StringFlag{Name: "partition", Value: "aws", Usage: "`PARTITION` of the JSON: aws, aws-us-gov or aws-cn; the templates are for all three"},
			&cli.StringFlag{Name: "installation", Value: "INSTALLATION", Usage: "`NAME` of the installation, as in holdfast.yaml"},
			&cli.StringFlag{Name: "external-id", Value: "EXTERNAL_ID", Usage: "external `ID` of the roles, as in holdfast.yaml"},
			&cli.StringFlag{Name: "hub-role", Value: "arn:aws:iam::111122223333:role/holdfast", Usage: "`ARN` of the role Holdfast runs with"},
			&cli.StringFlag{Name: "role-prefix", Value: "holdfast", Usage: "`BEGINNING` of the roles' names; the purpose follows it"},
		},
		Action: func(ctx *cli.Context) error { return printIAM(ctx, env) },
	}
}

func printIAM(ctx *cli.Context, env Env) error {
	var c checks
	c.noArguments(ctx)
	format, role := ctx.String("format"), ctx.String("role")
	if formats := []string{formatJSON, formatCloudFormation, formatTerraform}; !slices.Contains(formats, format) {
		c.add("--format", "%q is none of %s", format, joined(formats))
	}
	if role != "" && format != formatJSON {
		c.add("--role", "is for --format json: a template has all roles")
	}
	if partition := ctx.String("partition"); !resource.ValidPartition(partition) {
		c.add("--partition", "%q is none of aws, aws-us-gov, aws-cn", partition)
	}
	documents, names := policyDocuments(descriptors())
	if role != "" && !slices.Contains(names, role) {
		c.add("--role", "%q is none of %s", role, joined(names))
	}
	if err := c.err(); err != nil {
		return err
	}
	switch format {
	case formatCloudFormation:
		return write(env.Stdout, iam.CloudFormation(descriptors()))
	case formatTerraform:
		return write(env.Stdout, iam.Terraform(descriptors()))
	}
	values := iam.Values{
		Partition: ctx.String("partition"), Installation: ctx.String("installation"), ExternalID: ctx.String("external-id"),
		HubRoleARN: ctx.String("hub-role"), RolePrefix: ctx.String("role-prefix"),
	}
	if role != "" {
		return write(env.Stdout, values.JSON(documents[role]))
	}
	printed := map[string]json.RawMessage{}
	for name, document := range documents {
		printed[name] = json.RawMessage(values.JSON(document))
	}
	return printJSON(env.Stdout, map[string]any{"policies": printed})
}

// policyDocuments returns every document by name, and the names in order.
func policyDocuments(drivers []driver.Descriptor) (map[string]iam.Policy, []string) {
	documents := map[string]iam.Policy{documentTrust: iam.Trust(), documentHub: iam.Hub()}
	var names []string
	for _, purpose := range resource.Purposes() {
		documents[string(purpose)] = iam.Role(drivers, purpose)
		names = append(names, string(purpose))
	}
	return documents, append(names, documentTrust, documentHub)
}

func descriptors() (facts []driver.Descriptor) {
	for _, d := range all.New(nil).All() {
		facts = append(facts, d.Descriptor())
	}
	return facts
}

func write(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}
