package fsxbackup

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"

	"holdfast/failure"
)

func TestWrapClassesFSxsCodes(t *testing.T) {
	t.Parallel()
	want := map[string]failure.Class{
		"BackupInProgress":                failure.Busy,
		"BackupBeingCopied":               failure.Busy,
		"BackupRestoring":                 failure.Busy,
		"SourceBackupUnavailable":         failure.Busy,
		"ServiceLimitExceeded":            failure.Quota,
		"BackupNotFound":                  failure.NotFound,
		"FileSystemNotFound":              failure.NotFound,
		"ResourceNotFound":                failure.NotFound,
		"IncompatibleParameterError":      failure.Conflict,
		"InvalidSourceKmsKey":             failure.KMS,
		"InvalidDestinationKmsKey":        failure.KMS,
		"UnsupportedOperation":            failure.Unsupported,
		"ResourceDoesNotSupportTagging":   failure.Unsupported,
		"ActiveDirectoryError":            failure.Invalid,
		"BadRequest":                      failure.Invalid,
		"IncompatibleRegionForMultiAZ":    failure.Invalid,
		"InvalidExportPath":               failure.Invalid,
		"InvalidImportPath":               failure.Invalid,
		"InvalidNetworkSettings":          failure.Invalid,
		"InvalidPerUnitStorageThroughput": failure.Invalid,
		"InvalidRegion":                   failure.Invalid,
		"MissingFileSystemConfiguration":  failure.Invalid,
		"NotServiceResourceError":         failure.Invalid,
		"ThrottlingException":             failure.Throttled,
		"AccessDeniedException":           failure.Denied,
		"InternalServerError":             failure.Transient,
	}
	for code := range codes {
		if _, listed := want[code]; !listed {
			t.Errorf("code %s has a class that no test expects", code)
		}
	}
	for code, class := range want {
		err := wrap("CreateBackup", &smithy.GenericAPIError{Code: code})
		var got *failure.Error
		if !errors.As(err, &got) || got.Class != class || got.Op != "fsx:CreateBackup" {
			t.Errorf("%s: got %+v, want class %s", code, got, class)
		}
	}
}
