package dynamodb

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"holdfast/failure"
)

// TestWrapClassesDynamoDBsErrors goes through the SDK's own error types, so that the
// codes are the SDK's and not ours.
func TestWrapClassesDynamoDBsErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  smithy.APIError
		want failure.Class
	}{
		{&types.LimitExceededException{}, failure.Quota},
		{&types.BackupInUseException{}, failure.Busy},
		{&types.ContinuousBackupsUnavailableException{}, failure.Busy},
		{&types.ResourceInUseException{}, failure.Busy},
		{&types.TableInUseException{}, failure.Busy},
		{&types.BackupNotFoundException{}, failure.NotFound},
		{&types.ResourceNotFoundException{}, failure.NotFound},
		{&types.TableNotFoundException{}, failure.NotFound},
		{&types.TableAlreadyExistsException{}, failure.Conflict},
		{&types.InvalidRestoreTimeException{}, failure.Invalid},
		{&types.PointInTimeRecoveryUnavailableException{}, failure.Invalid},
		{&types.InternalServerError{}, failure.Transient},
		{&types.RequestLimitExceeded{}, failure.Throttled},
		{&types.ProvisionedThroughputExceededException{}, failure.Throttled},
		{&smithy.GenericAPIError{Code: "AccessDeniedException"}, failure.Denied},
	}
	tested := map[string]bool{}
	for _, tt := range tests {
		tested[tt.err.ErrorCode()] = true
		if err := wrap("CreateBackup", tt.err); !failure.Is(err, tt.want) {
			t.Errorf("%s has class %s, want %s", tt.err.ErrorCode(), failure.ClassOf(err), tt.want)
		}
	}
	for code := range codes {
		if !tested[code] {
			t.Errorf("code %s is not one of the SDK's errors", code)
		}
	}
}
