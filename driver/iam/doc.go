// Package iam turns what descriptors say of IAM actions into what AWS is given: session
// policies, the policies of the roles, and the templates that make them in every account.
// Everything here is pure: data in, documents out.
package iam
