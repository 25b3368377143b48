package parameters

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/failure"
)

// Moment notes why a restore of req.At cannot be: continuous backups reach days back from
// when the job was created, as recorded; 0 is that they are off.
func (v *Values) Moment(req driver.RestoreRequest, days int32) {
	now := req.Mark.CreatedAt
	switch from := now.AddDate(0, 0, -int(days)); {
	case days <= 0:
		v.moment = fmt.Sprintf("at is %s: AWS keeps no continuous backups of %s; restore a recovery point instead", instant(req.At), req.Resource.ARN)
	case req.At.After(now):
		v.moment = fmt.Sprintf("at is %s, which is yet to come", instant(req.At))
	case req.At.Before(from):
		v.moment = fmt.Sprintf("at is %s: continuous backups of %s reach back %d days, to %s", instant(req.At), req.Resource.ARN, days, instant(from))
	}
}

// CheckMoment compares the moment of a restore with what AWS says that it can restore; nil
// is what AWS does not say. A moment that is not there yet is class busy: continuous
// backups are a few minutes behind.
func CheckMoment(at time.Time, earliest, latest *time.Time) error {
	switch {
	case earliest != nil && at.Before(*earliest):
		return failure.Errorf(failure.Invalid, "at is %s: the earliest moment AWS can restore is %s", instant(at), instant(*earliest))
	case latest != nil && at.After(*latest):
		return failure.Errorf(failure.Busy, "at is %s: the latest moment AWS can restore is %s", instant(at), instant(aws.ToTime(latest)))
	}
	return nil
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
