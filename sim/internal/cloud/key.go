package cloud

import "strings"

// Keys exist as soon as they are named. Those that AWS manages have ids that begin with
// aws-, as their aliases begin with aws/; all others are customers' own, whose policies let
// in every account of the organization.

// KeyARN returns the ARN of the key that a call names by ARN, alias or id.
func (c *Call) KeyARN(named string) string {
	_, alias, isAlias := strings.Cut(named, "alias/")
	switch {
	case isAlias:
		return c.ARN("kms", "key/"+strings.ReplaceAll(alias, "/", "-"))
	case strings.HasPrefix(named, "arn:"):
		return named
	}
	return c.ARN("kms", "key/"+named)
}

// AWSManaged tells a key that AWS manages for the account from a customer's own.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
func AWSManaged(keyARN string) bool { return strings.Contains(keyARN, ":key/aws-") }

// ReachableKey reports whether the service can use a key in the place of the call.
func (c *Call) ReachableKey(keyARN string) bool {
	return strings.Contains(keyARN, ":kms:"+c.Place.Region+":")
}
