package policy

import "strings"

// notCarriedOut are settings of AWS Backup that would change what is protected, so
// they are refused by name instead of being unknown.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html
var notCarriedOut = map[string]string{
	"indexactions":                           "backup indexes are not carried out; remove it",
	"targetlogicallyairgappedbackupvaultarn": "air-gapped vaults are not carried out; use copy_actions to another account",
	"scanactions":                            "malware scans are not carried out; remove it",
}

// renamed are AWS's own spellings that no edit distance leads from.
var renamed = map[string]string{
	"rulename":                    "name",
	"selectionname":               "name",
	"backupplanname":              "name",
	"startbackupwindowminutes":    "start_window_minutes",
	"completebackupwindowminutes": "completion_window_minutes",
	"targetbackupvaultarn":        "destination_backup_vault_arn",
	"scheduletimezone":            "schedule_expression_timezone",
	"timezone":                    "schedule_expression_timezone",
	"schedule":                    "schedule_expression",
}

// Suggest returns the name the writer of key probably meant; ok is false when none is near. Of
// several equally near ones the first in names is taken.
func Suggest(key string, names []string) (name string, ok bool) {
	plain := normalise(key)
	if len(plain) > 64 {
		return "", false
	}
	best := 1 + max(1, len(plain)/4)
	for _, candidate := range names {
		if renamed[plain] == candidate {
			return candidate, true
		}
		if distance := editDistance(plain, normalise(candidate)); distance < best {
			best, name, ok = distance, candidate, true
		}
	}
	return name, ok
}

// normalise makes ScheduleExpression, schedule-expression and schedule_expression equal.
func normalise(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(key))
}

// editDistance counts the insertions, deletions and replacements of bytes between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			above := row[j]
			replaced := diagonal
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(replaced, above+1, row[j-1]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
