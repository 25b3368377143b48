package ec2

import (
	"testing"

	"github.com/aws/smithy-go"

	"holdfast/failure"
)

func TestWrapClassesEC2sErrors(t *testing.T) {
	t.Parallel()
	want := map[string]failure.Class{
		"ConcurrentSnapshotLimitExceeded": failure.Busy, "SnapshotCreationPerVolumeRateExceeded": failure.Busy,
		"IncorrectInstanceState": failure.Busy, "IncorrectState": failure.Busy, "InsufficientInstanceCapacity": failure.Busy,
		"InsufficientHostCapacity": failure.Busy, "ResourceLimitExceeded": failure.Busy,
		"InstanceLimitExceeded": failure.Quota, "SnapshotLimitExceeded": failure.Quota, "VcpuLimitExceeded": failure.Quota,
		"VolumeLimitExceeded": failure.Quota, "CustomerKeyHasBeenRevoked": failure.KMS, "InvalidKmsKey.InvalidState": failure.KMS,
		"InvalidSnapshot.InUse": failure.Held, "InvalidAMIName.Duplicate": failure.Conflict,
		"InvalidAMIID.NotFound": failure.NotFound, "InvalidAMIID.Unavailable": failure.NotFound, "InvalidInstanceID.NotFound": failure.NotFound,
		"InvalidGroup.NotFound": failure.Invalid, "InvalidKeyPair.NotFound": failure.Invalid, "InvalidSecurityGroupID.NotFound": failure.Invalid,
		"InvalidSubnetID.NotFound": failure.Invalid, "InvalidIPAddress.InUse": failure.Invalid, "Unsupported": failure.Invalid,
	}
	for code, class := range want {
		if err := wrap("CreateImage", &smithy.GenericAPIError{Code: code}); !failure.Is(err, class) {
			t.Errorf("%s has class %s, want %s", code, failure.ClassOf(err), class)
		}
	}
	for code := range codes {
		if _, tested := want[code]; !tested {
			t.Errorf("code %s is in the table and not in this test", code)
		}
	}
	for code, class := range map[string]failure.Class{
		"RequestLimitExceeded": failure.Throttled, "UnauthorizedOperation": failure.Denied, "RequestExpired": failure.Credentials,
		"InternalError": failure.Transient, "InvalidAMIID.Malformed": failure.Invalid, "IdempotentParameterMismatch": failure.Conflict,
	} {
		if err := wrap("CreateImage", &smithy.GenericAPIError{Code: code}); !failure.Is(err, class) {
			t.Errorf("%s has class %s, want %s", code, failure.ClassOf(err), class)
		}
	}
}
