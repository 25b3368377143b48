package ec2

import (
	"holdfast/failure"
	"holdfast/internal/awserr"
)

// codeNameTaken says that an image of the account and region has the name already.
const codeNameTaken = "InvalidAMIName.Duplicate"

// codes has EC2's codes for instances and images; the shared table has the rest.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
var codes = awserr.Table{
	"ConcurrentSnapshotLimitExceeded":       failure.Busy,
	"SnapshotCreationPerVolumeRateExceeded": failure.Busy,
	"IncorrectInstanceState":                failure.Busy,
	"IncorrectState":                        failure.Busy,
	"InsufficientInstanceCapacity":          failure.Busy,
	"InsufficientHostCapacity":              failure.Busy,
	"ResourceLimitExceeded":                 failure.Busy, // copies in progress into one region

	"InstanceLimitExceeded": failure.Quota,
	"SnapshotLimitExceeded": failure.Quota,
	"VcpuLimitExceeded":     failure.Quota,
	"VolumeLimitExceeded":   failure.Quota,

	"CustomerKeyHasBeenRevoked":  failure.KMS,
	"InvalidKmsKey.InvalidState": failure.KMS,

	"InvalidSnapshot.InUse": failure.Held,
	codeNameTaken:           failure.Conflict,

	"InvalidAMIID.NotFound":      failure.NotFound,
	"InvalidAMIID.Unavailable":   failure.NotFound, // deregistered already
	"InvalidInstanceID.NotFound": failure.NotFound,

	"InvalidGroup.NotFound":           failure.Invalid, // a parameter of a restore, not its subject
	"InvalidKeyPair.NotFound":         failure.Invalid,
	"InvalidSecurityGroupID.NotFound": failure.Invalid,
	"InvalidSubnetID.NotFound":        failure.Invalid,
	"InvalidIPAddress.InUse":          failure.Invalid,
	"Unsupported":                     failure.Invalid, // an instance type a zone does not have
}

// copyCodes has what means something else to a copy. A snapshot of an image that was shared
// a moment ago may not be shared everywhere yet.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ami-copy-works.html
var copyCodes = awserr.Table{"InvalidRequest": failure.Busy}

func wrap(op string, err error) error { return awserr.Wrap("ec2:"+op, err, codes) }
