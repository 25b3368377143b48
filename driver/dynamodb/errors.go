package dynamodb

import (
	"errors"

	"holdfast/failure"
	"holdfast/internal/awserr"
)

// codes has DynamoDB's codes; the shared table has the rest. LimitExceededException is a
// quota here (too many table operations at once), although the SDK takes it for a
// throttle and tries it three times. Sources:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateBackup.html
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableFromBackup.html
var codes = awserr.Table{
	"LimitExceededException": failure.Quota,

	"BackupInUseException":                  failure.Busy,
	"ContinuousBackupsUnavailableException": failure.Busy, // for a while after a table is made
	"ResourceInUseException":                failure.Busy,
	"TableInUseException":                   failure.Busy,

	"BackupNotFoundException":   failure.NotFound,
	"ResourceNotFoundException": failure.NotFound,
	"TableNotFoundException":    failure.NotFound,

	"TableAlreadyExistsException": failure.Conflict,

	"InvalidRestoreTimeException":             failure.Invalid,
	"PointInTimeRecoveryUnavailableException": failure.Invalid,
}

func wrap(op string, err error) error { return awserr.Wrap("dynamodb:"+op, err, codes) }

// awsCode returns the service's code that wrap put on err, "" where there is none.
func awsCode(err error) string {
	if failed, ok := errors.AsType[*failure.Error](err); ok {
		return failed.Code
	}
	return ""
}
