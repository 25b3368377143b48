package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"holdfast/driver"
	"holdfast/resource"
)

// Values fill the placeholders of documents in JSON.
type Values struct {
	Partition    string // aws, aws-us-gov or aws-cn
	Installation string
	ExternalID   string
	HubRoleARN   string
	RolePrefix   string // of the roles' names; the purpose follows it
}

// suffix is the DNS suffix of a partition.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
func suffix(partition string) string {
	if partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// JSON returns a policy as indented JSON with the values filled in.
func (v Values) JSON(p Policy) string {
	return strings.NewReplacer(
		Installation, v.Installation, ExternalID, v.ExternalID, HubRole, v.HubRoleARN, RolePrefix, v.RolePrefix,
		partition, v.Partition, urlSuffix, suffix(v.Partition),
	).Replace(indented(p))
}

func indented(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		panic(err) // policies always encode
	}
	return b.String()
}

// CloudFormation returns a template with the role of every purpose, for a StackSet over the
// accounts of an organization.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/what-is-cfnstacksets.html
func CloudFormation(drivers []driver.Descriptor) string {
	parameter := func(description, fallback string, more map[string]any) map[string]any {
		p := map[string]any{"Type": "String", "Description": description}
		if fallback != "" {
			p["Default"] = fallback
		}
		maps.Copy(p, more)
		return p
	}
	resources := map[string]any{}
	for _, purpose := range resource.Purposes() {
		resources[titled(purpose)+"Role"] = map[string]any{"Type": "AWS::IAM::Role", "Properties": map[string]any{
			"RoleName": RolePrefix + "-" + string(purpose), "Description": "Holdfast: " + string(purpose),
			"AssumeRolePolicyDocument": Trust(),
			"Policies":                 []any{map[string]any{"PolicyName": "holdfast-" + string(purpose), "PolicyDocument": Role(drivers, purpose)}},
		}}
	}
	return indented(substituted(map[string]any{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              "Holdfast: a role for each purpose, to be made in every account of the organization",
		"Parameters": map[string]any{
			"Installation": parameter("installation of holdfast.yaml: what carries this mark, and nothing else, can be deleted", "", nil),
			"ExternalId":   parameter("aws.roles.external_id of holdfast.yaml", "", map[string]any{"NoEcho": true, "MinLength": 2}),
			"HubRoleArn":   parameter("ARN of the role Holdfast runs with", "", nil),
			"RolePrefix":   parameter("beginning of the roles' names, see aws.roles.arn_template", "holdfast", nil),
		},
		"Resources": resources,
	}))
}

func titled(purpose resource.Purpose) string {
	return strings.ToUpper(string(purpose[:1])) + string(purpose[1:])
}

// substituted replaces every string that has a placeholder with a call of Fn::Sub.
func substituted(value any) any {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // templates always encode
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		panic(err)
	}
	return walk(tree)
}

func walk(tree any) any {
	switch node := tree.(type) {
	case map[string]any:
		for key, child := range node {
			node[key] = walk(child)
		}
	case []any:
		for i, child := range node {
			node[i] = walk(child)
		}
	case string:
		if strings.Contains(node, "${") {
			return map[string]any{"Fn::Sub": node}
		}
	}
	return tree
}

// terraformHead declares what Terraform fills in.
const terraformHead = `# Roles for Holdfast in one account, and the policy of the role it runs with.
# Made by ` + "`holdfast driver iam --format terraform`" + `.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "installation" {
  description = "installation of holdfast.yaml: what carries this mark, and nothing else, can be deleted"
  type        = string
}

variable "external_id" {
  description = "aws.roles.external_id of holdfast.yaml"
  type        = string
  sensitive   = true
}

variable "hub_role_arn" {
  description = "ARN of the role Holdfast runs with"
  type        = string
}

variable "role_prefix" {
  description = "beginning of the roles' names, see aws.roles.arn_template"
  type        = string
  default     = "holdfast"
}

data "aws_partition" "current" {}
`

// Terraform returns a configuration with the role of every purpose, and the hub's policy as
// an output.
func Terraform(drivers []driver.Descriptor) string {
	fill := strings.NewReplacer(
		Installation, "${var.installation}", ExternalID, "${var.external_id}", HubRole, "${var.hub_role_arn}", RolePrefix, "${var.role_prefix}",
		partition, "${data.aws_partition.current.partition}", urlSuffix, "${data.aws_partition.current.dns_suffix}",
	)
	encoded := func(p Policy) string {
		text := strings.TrimSpace(fill.Replace(indented(p)))
		return "jsonencode(" + strings.NewReplacer("\n", "\n  ", `": `, `" : `).Replace(text) + ")" // as `terraform fmt` has it
	}
	var b strings.Builder
	b.WriteString(terraformHead)
	for _, purpose := range resource.Purposes() {
		fmt.Fprintf(&b, "\nresource \"aws_iam_role\" %q {\n  name        = \"${var.role_prefix}-%s\"\n  description = \"Holdfast: %s\"\n  assume_role_policy = %s\n}\n",
			purpose, purpose, purpose, encoded(Trust()))
		fmt.Fprintf(&b, "\nresource \"aws_iam_role_policy\" %q {\n  name = \"holdfast-%s\"\n  role = aws_iam_role.%s.id\n  policy = %s\n}\n",
			purpose, purpose, purpose, encoded(Role(drivers, purpose)))
	}
	fmt.Fprintf(&b, "\noutput \"hub_policy\" {\n  description = \"policy of the role Holdfast runs with\"\n  value = %s\n}\n", encoded(Hub()))
	return b.String()
}
