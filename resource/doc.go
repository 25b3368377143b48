// Package resource names what Holdfast protects: the kinds of AWS resources, their
// ARNs, the scopes they live in and one resource as an inventory listing saw it.
// It imports only the standard library and everything else may import it.
package resource
