// Package orgpolicy reads backup policies of AWS Organizations, merges what is attached
// to the root, the organizational units and an account into the account's effective
// policy, says where every value of it came from, and checks the result. It is pure.
//
// A policy is a tree. A setting holds values under operators (@@assign, @@append,
// @@remove); every other object is a container. Both may say with
// @@operators_allowed_for_child_policies what lower levels may do.
// Sources: https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html,
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
// and https://docs.aws.amazon.com/organizations/latest/userguide/inheritance-examples.html
package orgpolicy
