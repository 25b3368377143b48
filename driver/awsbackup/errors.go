package awsbackup

import (
	"errors"

	"holdfast/failure"
	"holdfast/internal/awserr"
)

// codes has AWS Backup's codes; the shared table has the rest. LimitExceededException is a
// quota here, although the SDK takes it for a throttle and tries it three times.
// InvalidResourceStateException and ConflictException mean that something else is under way.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html
var codes = awserr.Table{
	"LimitExceededException": failure.Quota,

	"ConflictException":             failure.Busy,
	"InvalidResourceStateException": failure.Busy,

	"DependencyFailureException":  failure.Transient,
	"ServiceUnavailableException": failure.Transient,

	"ResourceNotFoundException": failure.NotFound,
	"AlreadyExistsException":    failure.Conflict,

	"InvalidParameterValueException": failure.Invalid,
	"InvalidRequestException":        failure.Invalid,
	"MissingParameterValueException": failure.Invalid,
}

func wrap(op string, err error) error { return awserr.Wrap("backup:"+op, err, codes) }

// refusedAs is wrap where InvalidRequestException means one thing only.
func refusedAs(class failure.Class, op string, err error) error {
	return awserr.Wrap("backup:"+op, err, awserr.Table{"InvalidRequestException": class}, codes)
}

// awsCode returns the service's code that wrap put on err, "" where there is none.
func awsCode(err error) string {
	if failed, ok := errors.AsType[*failure.Error](err); ok {
		return failed.Code
	}
	return ""
}

// categories are the classes of the message categories AWS Backup gives a job that failed.
// AWS documents these few by name; any other leaves the class to the message.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupJob.html
var categories = map[string]failure.Class{
	"AccessDenied":      failure.Denied,
	"InvalidParameters": failure.Invalid,
}
