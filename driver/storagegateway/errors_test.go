package storagegateway

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/aws/smithy-go"

	"holdfast/failure"
)

func TestWrapClassesTheCodesInside(t *testing.T) {
	t.Parallel()
	want := map[string]failure.Class{
		"GatewayNotConnected": failure.Busy, "GatewayInternalError": failure.Busy, "GatewayProxyNetworkConnectionBusy": failure.Busy,
		"JoinDomainInProgress": failure.Busy, "OperationAborted": failure.Busy, "OutdatedGateway": failure.Busy,
		"SnapshotInProgress": failure.Busy, "StagingAreaFull": failure.Busy, "VolumeInUse": failure.Busy, "VolumeNotReady": failure.Busy,
		"InternalError": failure.Transient, "RequestTimeout": failure.Transient, "ServiceUnavailable": failure.Transient,
		"StorageFailure": failure.Transient, "InternalServerError": failure.Transient,
		"LocalStorageLimitExceeded": failure.Quota, "MaximumVolumeCountExceeded": failure.Quota,
		"AuthenticationFailure": failure.Credentials, "UnauthorizedOperation": failure.Denied,
		"GatewayNotFound": failure.NotFound, "SnapshotDeleted": failure.NotFound, "SnapshotNotFound": failure.NotFound, "VolumeNotFound": failure.NotFound,
		"TargetAlreadyExists": failure.Conflict, "VolumeAlreadyExists": failure.Conflict,
		"NotImplemented": failure.Unsupported, "NotSupported": failure.Unsupported, "ParametersNotImplemented": failure.Unsupported,
		"CannotExportSnapshot": failure.Invalid, "DiskAlreadyAllocated": failure.Invalid, "DiskDoesNotExist": failure.Invalid,
		"DiskSizeGreaterThanVolumeMaxSize": failure.Invalid, "DiskSizeLessThanVolumeSize": failure.Invalid, "DiskSizeNotGigAligned": failure.Invalid,
		"InvalidGateway": failure.Invalid, "InvalidParameters": failure.Invalid, "LunAlreadyAllocated ": failure.Invalid, "LunInvalid": failure.Invalid,
		"NetworkConfigurationChanged": failure.Invalid, "NoDisksAvailable": failure.Invalid, "RegionInvalid": failure.Invalid,
		"SnapshotIdInvalid": failure.Invalid, "TargetInvalid": failure.Invalid, "TargetNotFound": failure.Invalid, "VolumeIdInvalid": failure.Invalid,
		"InvalidGatewayRequestException": failure.Invalid,
	}
	for code := range codes {
		if _, listed := want[code]; !listed {
			t.Errorf("code %s has a class that no test expects", code)
		}
	}
	for code, class := range want {
		for _, cause := range []error{
			&types.InvalidGatewayRequestException{Error_: &types.StorageGatewayError{ErrorCode: types.ErrorCode(code)}},
			&types.InternalServerError{Error_: &types.StorageGatewayError{ErrorCode: types.ErrorCode(code)}},
			&types.ServiceUnavailableError{Error_: &types.StorageGatewayError{ErrorCode: types.ErrorCode(code)}},
			&smithy.GenericAPIError{Code: code},
		} {
			err := wrap("CreateSnapshot", cause)
			var got *failure.Error
			if !errors.As(err, &got) || got.Class != class || got.Code != code || got.Op != "storagegateway:CreateSnapshot" {
				t.Errorf("%s in a %T: got %+v, want class %s", code, cause, got, class)
			}
		}
	}
	for cause, class := range map[error]failure.Class{
		&types.InvalidGatewayRequestException{}: failure.Invalid, &types.InternalServerError{}: failure.Transient,
		&types.ServiceUnavailableError{}: failure.Transient, &smithy.GenericAPIError{Code: "ThrottlingException"}: failure.Throttled,
		&types.InvalidGatewayRequestException{Error_: &types.StorageGatewayError{ErrorCode: "AddedSince"}}: failure.Invalid,
	} {
		if got := failure.ClassOf(wrap("ListGateways", cause)); got != class {
			t.Errorf("%T is %s, want %s", cause, got, class)
		}
	}
	if wrap("ListGateways", nil) != nil {
		t.Error("nil became an error")
	}
}
