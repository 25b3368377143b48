package cloud

import (
	"reflect"
	"strings"
)

// named has the IAM actions of operations that are not called what their action is.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var named = map[string]string{
	"s3:ListBuckets": "s3:ListAllMyBuckets",
}

// free are operations that anybody with credentials may call.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
var free = map[string]bool{"sts:GetCallerIdentity": true, "sts:AssumeRole": true}

// tagAction is what creating something with tags takes beside the right to create it.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
var tagAction = map[string]string{
	"ec2": "ec2:CreateTags", "rds": "rds:AddTagsToResource", "fsx": "fsx:TagResource", "backup": "backup:TagResource",
	"storagegateway": "storagegateway:AddTagsToResource", "dynamodb": "dynamodb:TagResource",
}

// Fields of inputs that take a right of their own.
var (
	tagFields  = []string{"Tags", "TagSpecifications", "RecoveryPointTags", "BackupVaultTags"}
	roleFields = []string{"IamRoleArn", "IamInstanceProfile", "MonitoringRoleArn"}
)

// actionsOf returns the IAM actions a call needs: its own, and those that what it carries takes.
func actionsOf(service, operation string, input any) []string {
	own := service + ":" + operation
	if free[own] {
		return nil
	}
	if other := named[own]; other != "" {
		own = other
	}
	actions := []string{own}
	if mutates(own) && !strings.Contains(operation, "Tag") && tagAction[service] != "" && carries(input, tagFields) {
		actions = append(actions, tagAction[service])
	}
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
	if mutates(own) && carries(input, roleFields) {
		actions = append(actions, "iam:PassRole")
	}
	return actions
}

// carries reports whether an input has one of fields set.
func carries(input any, fields []string) bool {
	v := reflect.ValueOf(input)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return false
	}
	for _, name := range fields {
		field := v.Elem().FieldByName(name)
		if !field.IsValid() || field.IsZero() {
			continue
		}
		if kind := field.Kind(); kind != reflect.Slice && kind != reflect.Map || field.Len() > 0 {
			return true
		}
	}
	return false
}
