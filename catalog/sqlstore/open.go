package sqlstore

import (
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
)

// open_jobs has one narrow row per job that has not ended: what the leader's duties ask
// for. It is written in every transaction that writes a job. Epoch, RetryAt and
// NextLookAt are kept nowhere else, so a job that ended has none of them.

// The columns of open_jobs that belong to a job as its readers see it.
var (
	openEpoch      = integer("epoch", func(j *catalog.Job) *int64 { return &j.Epoch })
	openRetryAt    = instant("retry_at", func(j *catalog.Job) *time.Time { return &j.RetryAt })
	openNextLookAt = instant("next_look_at", func(j *catalog.Job) *time.Time { return &j.NextLookAt })
)

var openID = derivedText("job_id", func(j *catalog.Job) string { return j.ID })

// openIdentity are the columns of open_jobs that stay as they were inserted.
var openIdentity = []column[catalog.Job]{
	openID,
	derivedText("open_type", func(j *catalog.Job) string { return string(j.Type) }),
	derivedInt("submit_order", func(j *catalog.Job) int64 { return submitOrder(*j) }),
	derivedText("look_group", func(j *catalog.Job) string { return groupName(j.Group()) }),
	derivedInt("fire", func(j *catalog.Job) int64 { return millis(j.FireAt) }),
}

// openProgress are those that follow every step of the job.
var openProgress = []column[catalog.Job]{
	derivedInt("at_version", func(j *catalog.Job) int64 { return j.Version }),
	derivedText("open_state", func(j *catalog.Job) string { return string(j.State) }),
	derivedInt("waiting", func(j *catalog.Job) int64 { return oneIf(isWaiting(j)) }),
	openEpoch, openRetryAt, openNextLookAt,
	derivedInt("overdue_at", func(j *catalog.Job) int64 {
		if j.State != catalog.Running {
			return 0
		}
		return millis(j.CompleteBy)
	}),
	derivedInt("cancelling", func(j *catalog.Job) int64 { return oneIf(j.CancelRequested && j.State != catalog.Aborting) }),
	derivedText("fire_rule", func(j *catalog.Job) string {
		if j.Type != driver.Backup || j.Plan == "" || !isWaiting(j) {
			return ""
		}
		return fireRule(j.Plan, j.Rule)
	}),
}

var (
	openColumns       = append(slices.Clone(openIdentity), openProgress...)
	openCommitColumns = append([]column[catalog.Job]{openID}, openProgress...)
)

var updateOpen = "UPDATE open_jobs SET " + assignments(openProgress) + " FROM v WHERE open_jobs.job_id = v.job_id"

// isWaiting reports whether the job waits for its start.
func isWaiting(j *catalog.Job) bool { return j.State == catalog.Created && j.IntentOwner == "" }

func oneIf(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

func fireRule(plan, rule string) string { return plan + "/" + rule }

// The column submit_order: restores before everything else, and jobs without a start
// window after all that have one, which is milliseconds since 1970.
const (
	noWindow      = int64(1) << 49
	afterRestores = int64(1) << 50
)

func submitOrder(j catalog.Job) int64 {
	order := millis(j.StartBy)
	if order == 0 {
		order = noWindow
	}
	if j.Type != driver.Restore {
		order += afterRestores
	}
	return order
}

// closed takes out of job what only an open one has.
func closed(j *catalog.Job) {
	if j.State.Terminal() {
		j.Epoch, j.RetryAt, j.NextLookAt = 0, time.Time{}, time.Time{}
	}
}

// splitOpen returns those of jobs that are open, in the order of ids, because Postpone and
// MarkSubmitted lock these rows alone, and the ids of the others.
func splitOpen(jobs []catalog.Job) (open []catalog.Job, ended []string) {
	for _, j := range jobs {
		if j.State.Terminal() {
			ended = append(ended, j.ID)
		} else {
			open = append(open, j)
		}
	}
	slices.SortFunc(open, func(a, b catalog.Job) int { return strings.Compare(a.ID, b.ID) })
	return open, ended
}
