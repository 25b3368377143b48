package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Windows in minutes.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html
const (
	defaultStartWindow      = 480
	defaultCompletionWindow = 10_080
	minWindow               = 60
	maxWindow               = 52_560_000

	// Longer windows are nearly always seconds written by mistake; no backup takes this long.
	suspiciousWindow = 100 * 24 * 60
)

// Lifecycle numbers in days. Cold storage is billed for at least 90 of them.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html
const (
	maxDays     = 36_500
	minColdDays = 90
)

// maxRecoveryPointTags leaves Holdfast ten of AWS's fifty tags a resource.
const maxRecoveryPointTags = 40

var validVaultName = regexp.MustCompile(`^[A-Za-z0-9_-]{2,50}$`)

func (c *compiler) vaultName(path, name string) {
	if !validVaultName.MatchString(name) {
		c.report.problem(path, "vault name %q: use 2 to 50 letters, digits, dashes and underscores", clip(name))
	}
}

func (c *compiler) window(path string, minutes *int64, byDefault int64) time.Duration {
	if minutes == nil {
		return time.Duration(byDefault) * time.Minute
	}
	switch n := *minutes; {
	case n < minWindow || n > maxWindow:
		c.report.problem(path, "%d minutes: want %d to %d", n, minWindow, maxWindow)
		return 0
	case n >= suspiciousWindow:
		c.report.warning(path, "%d minutes are %d days: the value is in minutes, not seconds", n, n/(24*60))
	}
	return time.Duration(*minutes) * time.Minute
}

// lifecycle checks the two numbers, each and together.
func (c *compiler) lifecycle(path string, doc LifecycleDocument) Lifecycle {
	coldPath, deletePath := path+".move_to_cold_storage_after_days", path+".delete_after_days"
	cold := c.days(coldPath, doc.MoveToColdStorageAfterDays, "to stay in warm storage")
	remove := c.days(deletePath, doc.DeleteAfterDays, "to keep recovery points for ever")
	switch {
	case cold == 0 || remove == 0:
	case remove < cold: // the usual slip: public templates swap the two
		c.report.problem(deletePath, "deletes after %d days but moves to cold storage after %d: are the two numbers swapped? delete_after_days must be at least %d days more", remove, cold, minColdDays)
	case remove < cold+minColdDays:
		c.report.problem(deletePath, "deletes after %d days and moves to cold storage after %d: cold storage lasts at least %d days, so delete_after_days must be at least %d", remove, cold, minColdDays, cold+minColdDays)
	}
	optIn := doc.OptInToArchive != nil && *doc.OptInToArchive
	return Lifecycle{MoveToColdStorageAfterDays: cold, DeleteAfterDays: remove, OptInToArchive: optIn}
}

// Numbers of AWS Backup's continuous backups and archives, in days.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html
const (
	maxContinuousDays = 35
	minArchiveGap     = 28
)

// continuous checks what a continuous backup may be combined with.
func (c *compiler) continuous(path string, doc RuleDocument, rule *Rule) {
	if doc.EnableContinuousBackup == nil || !*doc.EnableContinuousBackup {
		return
	}
	rule.ContinuousBackup = true
	at := path + ".lifecycle.delete_after_days"
	if n := rule.Lifecycle.DeleteAfterDays; (n == 0 || n > maxContinuousDays) && !c.report.lost(at) {
		c.report.problem(at, "a continuous backup needs delete_after_days of 1 to %d", maxContinuousDays)
	}
	if rule.Lifecycle.MoveToColdStorageAfterDays > 0 {
		c.report.problem(path+".lifecycle.move_to_cold_storage_after_days", "a continuous backup cannot move to cold storage: remove it, or make a second rule without enable_continuous_backup")
	}
}

// archive checks what opt_in_to_archive_for_supported_resources needs.
func (c *compiler) archive(path string, rule Rule) {
	at := path + ".lifecycle.opt_in_to_archive_for_supported_resources"
	switch {
	case !rule.Lifecycle.OptInToArchive:
	case rule.Lifecycle.MoveToColdStorageAfterDays == 0:
		c.report.problem(at, "needs move_to_cold_storage_after_days: say when points move to the archive")
	case !apart(rule.Schedule, minArchiveGap*24*time.Hour):
		c.report.problem(at, "runs of %s are less than %d days apart: AWS archives points of monthly or rarer rules only", rule.Schedule, minArchiveGap)
	}
}

// days returns the number, or 0 when it is absent or refused.
func (c *compiler) days(path string, n *int64, withoutIt string) int {
	switch {
	case n == nil:
		return 0
	case *n == -1:
		c.report.problem(path, "-1 days: -1 takes the lifecycle off an existing recovery point and is not for plans; leave the key out %s", withoutIt)
		return 0
	case *n < 1 || *n > maxDays:
		c.report.problem(path, "%d days: want 1 to %d; leave the key out %s", *n, maxDays, withoutIt)
		return 0
	}
	return int(*n)
}

// recoveryPointTags keeps to what every service accepts, and off the keys Holdfast finds
// its own artefacts by.
func (c *compiler) recoveryPointTags(path string, tags map[string]string) {
	c.size(path, "tags", len(tags), maxRecoveryPointTags)
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		at := join(path, clip(key))
		folded := strings.ToLower(key)
		switch n := utf8.RuneCountInString(key); {
		case n < 1 || n > maxTagKeyLength:
			c.report.problem(at, "the tag key has %d characters, want 1 to %d", n, maxTagKeyLength)
		case strings.HasPrefix(folded, "aws:") || strings.HasPrefix(folded, "holdfast:"):
			c.report.problem(at, "tag key %q: keys that begin with aws: or holdfast: are reserved", clip(key))
		case utf8.RuneCountInString(value) > maxTagValueLength:
			c.report.problem(at, "the tag value is longer than %d characters", maxTagValueLength)
		case strings.ContainsFunc(key+value, unicode.IsControl):
			c.report.problem(at, "tag %q holds a control character", clip(key))
		}
	}
}
