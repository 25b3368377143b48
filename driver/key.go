package driver

import (
	"strings"

	"holdfast/resource"
)

// TransitKey is the alias of the customer managed key with which a copy is encrypted on its
// way out of an account, for as long as the way takes. Every account and region that copies
// into other accounts start from needs a key of this alias, whose policy lets those accounts
// use it.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/share-kms-key.html
const TransitKey = "alias/holdfast-transit"

// AWSManagedKey returns the name under which points show the key that AWS manages in scope
// for one of its services, such as ebs: the ARN of its alias.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
func AWSManagedKey(scope resource.Scope, service string) string {
	return "arn:" + scope.Partition + ":kms:" + scope.Region + ":" + scope.Account + ":alias/aws/" + service
}

// IsAWSManagedKey reports whether a key is named as one that AWS manages, which never leaves
// its account. A key named by the ARN of the key itself is a customer's, or not known.
func IsAWSManagedKey(key string) bool {
	return strings.HasPrefix(key, "alias/aws/") || strings.Contains(key, ":alias/aws/")
}
