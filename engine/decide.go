package engine

import (
	"cmp"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

// The next look comes after a tenth of the time the operation has taken, within these.
const (
	lookFloor   = 10 * time.Second
	lookCeiling = 60 * time.Second
)

// nextLook returns when to look at job again.
func nextLook(job catalog.Job, now time.Time) time.Time {
	return now.Add(LookInterval(now.Sub(job.StartedAt)))
}

// LookInterval is how long a job that began some time ago goes unlooked at: a tenth of that
// time, within bounds.
func LookInterval(elapsed time.Duration) time.Duration {
	return min(max(elapsed/10, lookFloor), lookCeiling)
}

// goneGrace is how long AWS may not know yet what a start call has just made.
const goneGrace = 5 * time.Minute

// tooYoung reports whether status says "gone" of something made so recently that AWS may
// only not show it yet. Such an answer counts as none. Deletions are not concerned: what
// they make disappear was there before.
func tooYoung(job catalog.Job, status driver.Status, now time.Time) bool {
	return status.State == driver.Gone && job.Type != driver.Expire && now.Sub(job.StartedAt) < goneGrace
}

// untraced says how an attempt failed that left nothing on AWS: as its own error said, or,
// when its process died, that it was interrupted.
func untraced(job catalog.Job) (failure.Class, string) {
	if job.Message == "" {
		return failure.Transient, "the start call was interrupted and AWS shows no trace of it"
	}
	return job.Class, job.Message
}

// verdict is what a look means for a job.
type verdict struct {
	to      catalog.State // the job's own state while it goes on
	class   failure.Class
	message string
}

// decideLook turns one observation into a verdict. It is pure: only what AWS was seen to
// say ends a job; a missing observation never does.
func decideLook(job catalog.Job, status driver.Status, seen bool) verdict {
	if !seen {
		return verdict{to: job.State}
	}
	switch status.State {
	case driver.Succeeded:
		return decideSucceeded(job, status)
	case driver.Partial:
		return verdict{to: catalog.Partial, class: status.Class, message: status.Message}
	case driver.Failed:
		return decideFailed(job, status)
	case driver.Gone:
		return decideGone(job)
	default:
		return verdict{to: job.State}
	}
}

func decideSucceeded(job catalog.Job, status driver.Status) verdict {
	switch {
	case job.Type == driver.Expire:
		return verdict{to: job.State} // still there: the deletion is under way
	case job.State == catalog.Aborting:
		return verdict{to: catalog.Completed, message: "finished before it could be cancelled"}
	default:
		return verdict{to: catalog.Completed, message: status.Message}
	}
}

func decideFailed(job catalog.Job, status driver.Status) verdict {
	if job.State == catalog.Aborting {
		return verdict{to: catalog.Aborted, class: job.Class, message: job.Message}
	}
	message := status.Message
	if message == "" {
		message = "AWS reports that the operation failed and gives no reason"
	}
	return verdict{to: catalog.Failed, class: cmp.Or(status.Class, classOfMessage(message)), message: message}
}

func decideGone(job catalog.Job) verdict {
	switch {
	case job.Type == driver.Expire:
		return verdict{to: catalog.Completed}
	case job.State == catalog.Aborting:
		return verdict{to: catalog.Aborted, class: job.Class, message: job.Message}
	default:
		return verdict{to: catalog.Failed, class: failure.NotFound, message: "what the job made has vanished from AWS"}
	}
}

// classOfMessage classifies an operation that AWS accepted and failed later. AWS gives
// prose only; a key it cannot use is the one documented cause an operator can mend.
// Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
func classOfMessage(message string) failure.Class {
	lower := strings.ToLower(message)
	if strings.Contains(lower, "key id") || strings.Contains(lower, "kms") {
		return failure.KMS
	}
	return failure.Transient
}
