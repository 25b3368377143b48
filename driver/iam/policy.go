package iam

import (
	"slices"
	"strings"

	"holdfast/driver"
	"holdfast/resource"
)

// What differs between installations and partitions is written as a placeholder and filled
// in last: by Fill for JSON, by CloudFormation or by Terraform for their templates.
const (
	Installation = "${Installation}"
	ExternalID   = "${ExternalId}"
	HubRole      = "${HubRoleArn}"
	RolePrefix   = "${RolePrefix}"
	partition    = "${AWS::Partition}"
	urlSuffix    = "${AWS::URLSuffix}"
)

// Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement is one statement of a policy. A trust policy's has a principal and no resource.
type Statement struct {
	Sid       string
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    []string
	Resource  any                       `json:",omitempty"`
	Condition map[string]map[string]any `json:",omitempty"`
}

// version is that of the policy language.
const version = "2012-10-17"

// group is a set of actions that may be used under one condition.
type group struct {
	sid       string
	fits      func(action string) bool
	resource  any
	condition map[string]map[string]any
}

func with(operator, key string, values ...string) map[string]map[string]any {
	return map[string]map[string]any{operator: {key: values}}
}

// marked are the deletions AWS lets a policy bind to the tags of what is deleted. DynamoDB
// backups have no tags, and AWS Backup's points may have theirs at another service.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
// and those of RDS and FSx beside it.
var marked = []string{
	"ec2:DeleteSnapshot", "ec2:DeregisterImage", "fsx:DeleteBackup", "rds:DeleteDBClusterSnapshot", "rds:DeleteDBSnapshot",
}

// creating are the calls that may tag what they make, and nothing else.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
var creating = []string{"CopyImage", "CopySnapshot", "CreateImage", "CreateSnapshot", "CreateSnapshots", "CreateVolume", "RunInstances"}

// keyUsers are the services that use keys on a caller's behalf.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func keyUsers(drivers []driver.Descriptor) []string {
	services := []string{"backup"}
	for _, d := range drivers {
		// arn:*:SERVICE:...; the backup gateway's own service encrypts nothing.
		if service := strings.Split(d.ARNPattern, ":")[2]; !strings.HasPrefix(service, "backup-") {
			services = append(services, service)
		}
	}
	slices.Sort(services)
	var users []string
	for _, service := range slices.Compact(services) {
		users = append(users, service+".*."+urlSuffix)
	}
	return users
}

// groups are tried in order; an action is in the first that takes it. groups for a purpose
// differ in what tags may be written: a copy by AWS Backup is tagged after it was made.
func groups(drivers []driver.Descriptor, purpose resource.Purpose) []group {
	is := func(names ...string) func(string) bool {
		return func(action string) bool { return slices.Contains(names, action) }
	}
	all := []group{
		{"DeleteWhatIsOurs", is(marked...), "*", with("StringEquals", "aws:ResourceTag/"+driver.TagInstallation, Installation)},
		// Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
		{"GrantKeysToServices", is("kms:CreateGrant", "kms:RetireGrant"), "*", with("Bool", "kms:GrantIsForAWSResource", "true")},
		{"AskAboutKeys", is("kms:DescribeKey"), "*", nil},
		{"UseKeysThroughServices", func(a string) bool { return strings.HasPrefix(a, "kms:") }, "*", with("StringLike", "kms:ViaService", keyUsers(drivers)...)},
		{"PassRolesToServices", is("iam:PassRole"), "arn:" + partition + ":iam::*:role/*", with("StringEquals", "iam:PassedToService",
			"backup.amazonaws.com", "ec2.amazonaws.com", "ec2."+urlSuffix, "monitoring.rds.amazonaws.com", "rds.amazonaws.com")},
		// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
		{"MakeServiceLinkedRoles", is("iam:CreateServiceLinkedRole"), "arn:" + partition + ":iam::*:role/aws-service-role/*",
			with("StringEquals", "iam:AWSServiceName", "backup.amazonaws.com", "fsx.amazonaws.com")},
	}
	if purpose == resource.ForBackup {
		all = append(all, group{"TagWhatIsMade", is("ec2:CreateTags"), "*", with("StringEquals", "ec2:CreateAction", creating...)})
	}
	return append(all, group{"Work", func(string) bool { return true }, "*", nil})
}

// Role returns the policy of the role for one purpose: all that the drivers list for it,
// bound to conditions where AWS has them.
func Role(drivers []driver.Descriptor, purpose resource.Purpose) Policy {
	var actions []string
	for _, d := range drivers {
		actions = append(actions, d.Actions[purpose]...)
	}
	slices.Sort(actions)
	actions = slices.Compact(actions)
	policy := Policy{Version: version}
	for _, g := range groups(drivers, purpose) {
		var taken []string
		actions = slices.DeleteFunc(actions, func(action string) bool {
			if g.fits(action) {
				taken = append(taken, action)
				return true
			}
			return false
		})
		if len(taken) > 0 {
			policy.Statement = append(policy.Statement, Statement{Sid: g.sid, Effect: "Allow", Action: taken, Resource: g.resource, Condition: g.condition})
		}
	}
	return policy
}

// Trust returns the trust policy of every role: the hub's role may assume it with the
// external id.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
func Trust() Policy {
	return Policy{Version: version, Statement: []Statement{{
		Sid: "HoldfastMayAssume", Effect: "Allow", Principal: map[string]string{"AWS": HubRole}, Action: []string{"sts:AssumeRole"},
		Condition: with("StringEquals", "sts:ExternalId", ExternalID),
	}}}
}

// Hub returns the policy of the role Holdfast itself runs with: to assume the roles, to see
// the organization, to tell about jobs, and to read its secrets.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
func Hub() Policy {
	allow := func(sid string, resource any, actions ...string) Statement {
		return Statement{Sid: sid, Effect: "Allow", Action: actions, Resource: resource}
	}
	mine := func(service, rest string) string { return "arn:" + partition + ":" + service + ":*:*:" + rest }
	return Policy{Version: version, Statement: []Statement{
		allow("AssumeRoles", "arn:"+partition+":iam::*:role/"+RolePrefix+"-*", "sts:AssumeRole"),
		allow("SeeTheOrganization", "*", "organizations:DescribeEffectivePolicy", "organizations:DescribeOrganization", "organizations:DescribePolicy",
			"organizations:ListAccounts", "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent",
			"organizations:ListParents", "organizations:ListPoliciesForTarget", "organizations:ListRoots"),
		allow("TellAboutJobs", []string{mine("sns", RolePrefix+"-*"), mine("events", "event-bus/*")}, "events:PutEvents", "sns:Publish"),
		{Sid: "CountJobs", Effect: "Allow", Action: []string{"cloudwatch:PutMetricData"}, Resource: "*"}, // it knows no resources
		allow("ReadItsSecrets", []string{mine("secretsmanager", "secret:"+RolePrefix+"/*"), mine("ssm", "parameter/"+RolePrefix+"/*")},
			"secretsmanager:GetSecretValue", "ssm:GetParameter"),
	}}
}
