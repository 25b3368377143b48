package notify

import (
	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
)

// jobMetrics are AWS Backup's names of what is counted when a job comes to a state.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
var jobMetrics = map[driver.Operation]map[catalog.State][]string{
	driver.Backup: {
		catalog.Created: {"NumberOfBackupJobsCreated"}, catalog.Running: {"NumberOfBackupJobsRunning"},
		catalog.Completed: {"NumberOfBackupJobsCompleted", "NumberOfRecoveryPointsCompleted"},
		catalog.Partial:   {"NumberOfBackupJobsCompleted", "NumberOfRecoveryPointsPartial"},
		catalog.Failed:    {"NumberOfBackupJobsFailed"}, catalog.Expired: {"NumberOfBackupJobsExpired"},
		catalog.Aborted: {"NumberOfBackupJobsAborted"},
	},
	driver.Copy: {
		catalog.Created: {"NumberOfCopyJobsCreated"}, catalog.Running: {"NumberOfCopyJobsRunning"},
		catalog.Completed: {"NumberOfCopyJobsCompleted", "NumberOfRecoveryPointsCompleted"},
		catalog.Failed:    {"NumberOfCopyJobsFailed"}, catalog.Expired: {"NumberOfCopyJobsFailed"},
		catalog.Aborted: {"NumberOfCopyJobsFailed"},
	},
	driver.Restore: {
		catalog.Created: {"NumberOfRestoreJobsPending"}, catalog.Running: {"NumberOfRestoreJobsRunning"},
		catalog.Completed: {"NumberOfRestoreJobsCompleted"}, catalog.Failed: {"NumberOfRestoreJobsFailed"},
		catalog.Expired: {"NumberOfRestoreJobsFailed"}, catalog.Aborted: {"NumberOfRestoreJobsFailed"},
	},
	driver.Expire: {
		catalog.Running: {"NumberOfRecoveryPointsDeleting"}, catalog.Failed: {"NumberOfRecoveryPointsExpired"},
		catalog.Aborted: {"NumberOfRecoveryPointsExpired"},
	},
}

// metricsOf returns what e counts for; nothing for what AWS Backup has no name for.
func metricsOf(e Event) []string {
	if e.Type != config.EventsJob {
		return nil
	}
	return jobMetrics[e.Operation][catalog.State(e.State)]
}
