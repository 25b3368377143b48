package ebssnap

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"

	"holdfast/failure"
)

func TestWrapClassesEC2sCodes(t *testing.T) {
	t.Parallel()
	want := map[string]failure.Class{
		"SnapshotCreationPerVolumeRateExceeded": failure.Busy,
		"ConcurrentSnapshotLimitExceeded":       failure.Busy,
		"ResourceLimitExceeded":                 failure.Busy,
		"IncorrectState":                        failure.Busy,
		"IncorrectSnapshotState":                failure.Busy,
		"InsufficientVolumeCapacity":            failure.Busy,
		"SnapshotLimitExceeded":                 failure.Quota,
		"VolumeLimitExceeded":                   failure.Quota,
		"MaxIOPSLimitExceeded":                  failure.Quota,
		"CustomerKeyHasBeenRevoked":             failure.KMS,
		"InvalidKmsKey.InvalidState":            failure.KMS,
		"InvalidSnapshot.InUse":                 failure.Held,
		"InvalidVolume.NotFound":                failure.NotFound,
		"InvalidSnapshot.NotFound":              failure.NotFound,
		"AttachmentLimitExceeded":               failure.Invalid,
		"InvalidInstanceID.NotFound":            failure.Invalid,
		"InvalidVolume.ZoneMismatch":            failure.Invalid,
		"UnknownVolumeType":                     failure.Invalid,
		"VolumeTypeNotAvailableInZone":          failure.Invalid,
		"RequestLimitExceeded":                  failure.Throttled,
		"UnauthorizedOperation":                 failure.Denied,
		"IdempotentParameterMismatch":           failure.Conflict,
	}
	for code := range codes {
		if _, listed := want[code]; !listed {
			t.Errorf("code %s has a class that no test expects", code)
		}
	}
	for code, class := range want {
		err := Wrap("CreateSnapshot", &smithy.GenericAPIError{Code: code})
		var got *failure.Error
		if !errors.As(err, &got) || got.Class != class || got.Op != "ec2:CreateSnapshot" {
			t.Errorf("%s: got %+v, want class %s", code, got, class)
		}
	}
}
