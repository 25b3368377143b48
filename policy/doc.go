// Package policy turns backup plans written by people into rules that say when to fire
// and which resources to take. It is pure: no clock, no I/O, no logging.
//
// The vocabulary is AWS Backup's: a plan has rules (schedule, windows, lifecycle, copy
// actions, recovery-point tags) and selections (ARNs, tags, conditions); every selection
// of a plan applies to every rule of it.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup-plan.html
package policy
