package rds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"holdfast/failure"
)

// TestWrapClassesRDSsErrors goes through the SDK's own error types, so that a code that
// differs from the type's name is the SDK's and not ours.
func TestWrapClassesRDSsErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  smithy.APIError
		want failure.Class
	}{
		{&types.InvalidDBInstanceStateFault{}, failure.Busy},
		{&types.InvalidDBSnapshotStateFault{}, failure.Busy},
		{&types.InsufficientDBInstanceCapacityFault{}, failure.Busy},
		{&types.InstanceQuotaExceededFault{}, failure.Quota},
		{&types.SharedSnapshotQuotaExceededFault{}, failure.Quota},
		{&types.SnapshotQuotaExceededFault{}, failure.Quota},
		{&types.StorageQuotaExceededFault{}, failure.Quota},
		{&types.DBInstanceNotFoundFault{}, failure.NotFound},
		{&types.DBSnapshotNotFoundFault{}, failure.NotFound},
		{&types.DBInstanceAlreadyExistsFault{}, failure.Conflict},
		{&types.DBSnapshotAlreadyExistsFault{}, failure.Conflict},
		{&types.KMSKeyNotAccessibleFault{}, failure.KMS},
		{&types.AuthorizationNotFoundFault{}, failure.Invalid},
		{&types.CertificateNotFoundFault{}, failure.Invalid},
		{&types.DBParameterGroupNotFoundFault{}, failure.Invalid},
		{&types.DBSecurityGroupNotFoundFault{}, failure.Invalid},
		{&types.DBSubnetGroupDoesNotCoverEnoughAZs{}, failure.Invalid},
		{&types.DBSubnetGroupNotFoundFault{}, failure.Invalid},
		{&types.InvalidSubnet{}, failure.Invalid},
		{&types.InvalidVPCNetworkStateFault{}, failure.Invalid},
		{&types.OptionGroupNotFoundFault{}, failure.Invalid},
		{&types.ProvisionedIopsNotAvailableInAZFault{}, failure.Invalid},
		{&types.StorageTypeNotSupportedFault{}, failure.Invalid},
		{&smithy.GenericAPIError{Code: "ThrottlingException"}, failure.Throttled},
	}
	tested := map[string]bool{}
	for _, tt := range tests {
		tested[tt.err.ErrorCode()] = true
		if err := wrap("CreateDBSnapshot", tt.err); !failure.Is(err, tt.want) {
			t.Errorf("%s has class %s, want %s", tt.err.ErrorCode(), failure.ClassOf(err), tt.want)
		}
	}
	for code := range codes {
		if !tested[code] {
			t.Errorf("code %s is not one of the SDK's errors", code)
		}
	}
}
