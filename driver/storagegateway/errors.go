package storagegateway

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/failure"
	"holdfast/internal/awserr"
)

// codes has the operation error codes, which come inside InvalidGatewayRequestException
// and InternalServerError; the shared table has the rest.
// Source: https://docs.aws.amazon.com/storagegateway/latest/vgw/AWSStorageGatewayAPI.html#APIErrorResponses
var codes = awserr.Table{
	// The gateway is away, at work, or has something to send to AWS first.
	"GatewayNotConnected":               failure.Busy,
	"GatewayInternalError":              failure.Busy,
	"GatewayProxyNetworkConnectionBusy": failure.Busy,
	"JoinDomainInProgress":              failure.Busy,
	"OperationAborted":                  failure.Busy,
	"OutdatedGateway":                   failure.Busy,
	"SnapshotInProgress":                failure.Busy,
	"StagingAreaFull":                   failure.Busy,
	"VolumeInUse":                       failure.Busy,
	"VolumeNotReady":                    failure.Busy,

	"InternalError":       failure.Transient,
	"RequestTimeout":      failure.Transient,
	"ServiceUnavailable":  failure.Transient,
	"StorageFailure":      failure.Transient,
	"InternalServerError": failure.Transient, // with no code inside

	"LocalStorageLimitExceeded":  failure.Quota,
	"MaximumVolumeCountExceeded": failure.Quota,

	"AuthenticationFailure": failure.Credentials,
	"UnauthorizedOperation": failure.Denied,

	"GatewayNotFound":  failure.NotFound,
	"SnapshotDeleted":  failure.NotFound,
	"SnapshotNotFound": failure.NotFound,
	"VolumeNotFound":   failure.NotFound,

	"TargetAlreadyExists": failure.Conflict,
	"VolumeAlreadyExists": failure.Conflict,

	"NotImplemented":           failure.Unsupported,
	"NotSupported":             failure.Unsupported,
	"ParametersNotImplemented": failure.Unsupported,

	"CannotExportSnapshot":             failure.Invalid,
	"DiskAlreadyAllocated":             failure.Invalid,
	"DiskDoesNotExist":                 failure.Invalid,
	"DiskSizeGreaterThanVolumeMaxSize": failure.Invalid,
	"DiskSizeLessThanVolumeSize":       failure.Invalid,
	"DiskSizeNotGigAligned":            failure.Invalid,
	"InvalidGateway":                   failure.Invalid,
	"InvalidParameters":                failure.Invalid,
	"LunAlreadyAllocated ":             failure.Invalid, // AWS's spelling
	"LunInvalid":                       failure.Invalid,
	"NetworkConfigurationChanged":      failure.Invalid,
	"NoDisksAvailable":                 failure.Invalid,
	"RegionInvalid":                    failure.Invalid,
	"SnapshotIdInvalid":                failure.Invalid,
	"TargetInvalid":                    failure.Invalid,
	"TargetNotFound":                   failure.Invalid,
	"VolumeIdInvalid":                  failure.Invalid,

	"InvalidGatewayRequestException": failure.Invalid, // with no code inside
}

// wrap returns err as a failure of a Storage Gateway operation, with the code inside it
// where there is one; nil stays nil.
func wrap(op string, err error) error {
	wrapped := awserr.Wrap("storagegateway:"+op, err, codes)
	failed, ok := errors.AsType[*failure.Error](wrapped)
	inner := innerCode(err)
	if !ok || inner == "" {
		return wrapped
	}
	failed.Code = inner
	if class, known := codes[inner]; known {
		failed.Class = class
	}
	return failed
}

// innerCode returns the operation error code of err, "" where there is none.
func innerCode(err error) string {
	var inner *types.StorageGatewayError
	if refused, ok := errors.AsType[*types.InvalidGatewayRequestException](err); ok {
		inner = refused.Error_
	}
	if broken, ok := errors.AsType[*types.InternalServerError](err); ok {
		inner = broken.Error_
	}
	if gone, ok := errors.AsType[*types.ServiceUnavailableError](err); ok {
		inner = gone.Error_
	}
	if inner == nil {
		return ""
	}
	return string(inner.ErrorCode)
}

// codeOf returns the service's code that wrap put on err.
func codeOf(err error) string {
	if failed, ok := errors.AsType[*failure.Error](err); ok {
		return failed.Code
	}
	return ""
}
