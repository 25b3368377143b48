package rdssnap

import (
	"errors"

	"holdfast/failure"
	"holdfast/internal/awserr"
)

// Codes has the family's codes as they come over the wire, which is not always the name
// of the SDK's type; the shared table has the rest. RDS, Neptune and DocumentDB have the
// same. Sources:
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html#API_CreateDBSnapshot_Errors
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBClusterSnapshot.html#API_CopyDBClusterSnapshot_Errors
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html#API_RestoreDBClusterFromSnapshot_Errors
var Codes = awserr.Table{
	"InvalidDBInstanceState":              failure.Busy,
	"InvalidDBSnapshotState":              failure.Busy,
	"InvalidDBClusterStateFault":          failure.Busy,
	"InvalidDBClusterSnapshotStateFault":  failure.Busy,
	"InsufficientDBInstanceCapacity":      failure.Busy,
	"InsufficientDBClusterCapacityFault":  failure.Busy,
	"InsufficientStorageClusterCapacity":  failure.Busy,
	"DBInstanceNotFound":                  failure.NotFound,
	"DBSnapshotNotFound":                  failure.NotFound,
	"DBClusterNotFoundFault":              failure.NotFound,
	"DBClusterSnapshotNotFoundFault":      failure.NotFound,
	"DBInstanceAlreadyExists":             failure.Conflict,
	"DBSnapshotAlreadyExists":             failure.Conflict,
	"DBClusterAlreadyExistsFault":         failure.Conflict,
	"DBClusterSnapshotAlreadyExistsFault": failure.Conflict,
	"KMSKeyNotAccessibleFault":            failure.KMS,

	"InstanceQuotaExceeded":       failure.Quota,
	"DBClusterQuotaExceededFault": failure.Quota,
	"SharedSnapshotQuotaExceeded": failure.Quota,
	"SnapshotQuotaExceeded":       failure.Quota,
	"StorageQuotaExceeded":        failure.Quota,

	// What a copy or restore names and the destination does not have or cannot take.
	"AuthorizationNotFound":                failure.Invalid,
	"CertificateNotFound":                  failure.Invalid,
	"DBClusterParameterGroupNotFound":      failure.Invalid,
	"DBParameterGroupNotFound":             failure.Invalid,
	"DBSecurityGroupNotFound":              failure.Invalid,
	"DBSubnetGroupDoesNotCoverEnoughAZs":   failure.Invalid,
	"DBSubnetGroupNotFoundFault":           failure.Invalid,
	"InvalidRestoreFault":                  failure.Invalid,
	"PointInTimeRestoreNotEnabled":         failure.Invalid,
	"InvalidSubnet":                        failure.Invalid,
	"InvalidVPCNetworkStateFault":          failure.Invalid,
	"NetworkTypeNotSupported":              failure.Invalid,
	"OptionGroupNotFoundFault":             failure.Invalid,
	"ProvisionedIopsNotAvailableInAZFault": failure.Invalid,
	"StorageTypeNotSupported":              failure.Invalid,
}

// Wrap returns err as a failure of an RDS operation with its class; nil stays nil. The
// IAM prefix of the whole family is rds.
func Wrap(op string, err error) error { return awserr.Wrap("rds:"+op, err, Codes) }

// Code returns the service's code that Wrap put on err, "" where there is none.
func Code(err error) string {
	if failed, ok := errors.AsType[*failure.Error](err); ok {
		return failed.Code
	}
	return ""
}
