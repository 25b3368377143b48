package ebssnap

import (
	"holdfast/failure"
	"holdfast/internal/awserr"
)

// codes has EC2's codes for snapshots and volumes; the shared table has the rest.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
var codes = awserr.Table{
	// One snapshot per volume in 15 s, at most 5 in progress for one volume, and 20
	// copies in progress into one region: all pass by themselves.
	"SnapshotCreationPerVolumeRateExceeded": failure.Busy,
	"ConcurrentSnapshotLimitExceeded":       failure.Busy,
	"ResourceLimitExceeded":                 failure.Busy,
	"IncorrectState":                        failure.Busy,
	"IncorrectSnapshotState":                failure.Busy,
	"InsufficientVolumeCapacity":            failure.Busy,

	"SnapshotLimitExceeded": failure.Quota,
	"VolumeLimitExceeded":   failure.Quota,
	"MaxIOPSLimitExceeded":  failure.Quota,

	"CustomerKeyHasBeenRevoked":  failure.KMS,
	"InvalidKmsKey.InvalidState": failure.KMS,

	"InvalidSnapshot.InUse": failure.Held, // an AMI is made of it

	"InvalidVolume.NotFound":   failure.NotFound,
	"InvalidSnapshot.NotFound": failure.NotFound,

	"AttachmentLimitExceeded":      failure.Invalid, // of one instance
	"InvalidInstanceID.NotFound":   failure.Invalid, // a parameter of a restore, not its subject
	"InvalidVolume.ZoneMismatch":   failure.Invalid,
	"UnknownVolumeType":            failure.Invalid,
	"VolumeTypeNotAvailableInZone": failure.Invalid,
}

// Wrap returns err as a failure of an EC2 operation with its class; nil stays nil.
func Wrap(op string, err error) error { return awserr.Wrap("ec2:"+op, err, codes) }
