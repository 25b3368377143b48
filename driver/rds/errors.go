package rds

import (
	"errors"

	"holdfast/failure"
	"holdfast/internal/awserr"
)

// codes has RDS's codes as they come over the wire, which is not always the name of the
// SDK's type; the shared table has the rest. Sources:
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBSnapshot.html
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html
var codes = awserr.Table{
	"InvalidDBInstanceState":         failure.Busy,
	"InvalidDBSnapshotState":         failure.Busy,
	"InsufficientDBInstanceCapacity": failure.Busy,

	"InstanceQuotaExceeded":       failure.Quota,
	"SharedSnapshotQuotaExceeded": failure.Quota,
	"SnapshotQuotaExceeded":       failure.Quota,
	"StorageQuotaExceeded":        failure.Quota,

	"DBInstanceNotFound": failure.NotFound,
	"DBSnapshotNotFound": failure.NotFound,

	"DBInstanceAlreadyExists": failure.Conflict,
	"DBSnapshotAlreadyExists": failure.Conflict,

	"KMSKeyNotAccessibleFault": failure.KMS,

	// What a restore names and the destination does not have.
	"AuthorizationNotFound":                failure.Invalid,
	"CertificateNotFound":                  failure.Invalid,
	"DBParameterGroupNotFound":             failure.Invalid,
	"DBSecurityGroupNotFound":              failure.Invalid,
	"DBSubnetGroupDoesNotCoverEnoughAZs":   failure.Invalid,
	"DBSubnetGroupNotFoundFault":           failure.Invalid,
	"InvalidSubnet":                        failure.Invalid,
	"InvalidVPCNetworkStateFault":          failure.Invalid,
	"OptionGroupNotFoundFault":             failure.Invalid,
	"ProvisionedIopsNotAvailableInAZFault": failure.Invalid,
	"StorageTypeNotSupported":              failure.Invalid,
}

func wrap(op string, err error) error { return awserr.Wrap("rds:"+op, err, codes) }

// awsCode returns the service's code that wrap put on err, "" where there is none.
func awsCode(err error) string {
	if failed, ok := errors.AsType[*failure.Error](err); ok {
		return failed.Code
	}
	return ""
}
