// Package difference says what a change of policies changes: which rules, and for which
// resources and recovery points. It is pure: policies, resources and points come in.
package difference
