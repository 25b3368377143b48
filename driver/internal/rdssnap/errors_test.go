package rdssnap

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"holdfast/failure"
)

// TestWrapClassesTheFamilysErrors goes through the SDK's own error types, so that a code
// that differs from the type's name is the SDK's and not ours.
func TestWrapClassesTheFamilysErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  smithy.APIError
		want failure.Class
	}{
		{&types.InvalidDBInstanceStateFault{}, failure.Busy},
		{&types.InvalidDBSnapshotStateFault{}, failure.Busy},
		{&types.InvalidDBClusterStateFault{}, failure.Busy},
		{&types.InvalidDBClusterSnapshotStateFault{}, failure.Busy},
		{&types.InsufficientDBInstanceCapacityFault{}, failure.Busy},
		{&types.InsufficientDBClusterCapacityFault{}, failure.Busy},
		{&types.InsufficientStorageClusterCapacityFault{}, failure.Busy},
		{&types.InstanceQuotaExceededFault{}, failure.Quota},
		{&types.DBClusterQuotaExceededFault{}, failure.Quota},
		{&types.SharedSnapshotQuotaExceededFault{}, failure.Quota},
		{&types.SnapshotQuotaExceededFault{}, failure.Quota},
		{&types.StorageQuotaExceededFault{}, failure.Quota},
		{&types.DBInstanceNotFoundFault{}, failure.NotFound},
		{&types.DBSnapshotNotFoundFault{}, failure.NotFound},
		{&types.DBClusterNotFoundFault{}, failure.NotFound},
		{&types.DBClusterSnapshotNotFoundFault{}, failure.NotFound},
		{&types.DBInstanceAlreadyExistsFault{}, failure.Conflict},
		{&types.DBSnapshotAlreadyExistsFault{}, failure.Conflict},
		{&types.DBClusterAlreadyExistsFault{}, failure.Conflict},
		{&types.DBClusterSnapshotAlreadyExistsFault{}, failure.Conflict},
		{&types.KMSKeyNotAccessibleFault{}, failure.KMS},
		{&types.AuthorizationNotFoundFault{}, failure.Invalid},
		{&types.CertificateNotFoundFault{}, failure.Invalid},
		{&types.DBClusterParameterGroupNotFoundFault{}, failure.Invalid},
		{&types.DBParameterGroupNotFoundFault{}, failure.Invalid},
		{&types.DBSecurityGroupNotFoundFault{}, failure.Invalid},
		{&types.DBSubnetGroupDoesNotCoverEnoughAZs{}, failure.Invalid},
		{&types.DBSubnetGroupNotFoundFault{}, failure.Invalid},
		{&types.InvalidRestoreFault{}, failure.Invalid},
		{&types.InvalidSubnet{}, failure.Invalid},
		{&types.PointInTimeRestoreNotEnabledFault{}, failure.Invalid},
		{&types.InvalidVPCNetworkStateFault{}, failure.Invalid},
		{&types.NetworkTypeNotSupported{}, failure.Invalid},
		{&types.OptionGroupNotFoundFault{}, failure.Invalid},
		{&types.ProvisionedIopsNotAvailableInAZFault{}, failure.Invalid},
		{&types.StorageTypeNotSupportedFault{}, failure.Invalid},
		{&smithy.GenericAPIError{Code: "ThrottlingException"}, failure.Throttled},
	}
	tested := map[string]bool{}
	for _, tt := range tests {
		tested[tt.err.ErrorCode()] = true
		if err := Wrap("CreateDBSnapshot", tt.err); !failure.Is(err, tt.want) {
			t.Errorf("%s has class %s, want %s", tt.err.ErrorCode(), failure.ClassOf(err), tt.want)
		}
	}
	for code := range Codes {
		if !tested[code] {
			t.Errorf("code %s is not one of the SDK's errors", code)
		}
	}
}
