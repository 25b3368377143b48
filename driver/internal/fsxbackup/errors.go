package fsxbackup

import (
	"holdfast/failure"
	"holdfast/internal/awserr"
)

// codes has FSx's codes; the shared table has the rest. Sources:
// https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateBackup.html#API_CreateBackup_Errors
// https://docs.aws.amazon.com/fsx/latest/APIReference/API_CopyBackup.html#API_CopyBackup_Errors
// https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemFromBackup.html#API_CreateFileSystemFromBackup_Errors
// https://docs.aws.amazon.com/fsx/latest/APIReference/API_DeleteBackup.html#API_DeleteBackup_Errors
var codes = awserr.Table{
	"BackupInProgress":        failure.Busy,
	"BackupBeingCopied":       failure.Busy,
	"BackupRestoring":         failure.Busy,
	"SourceBackupUnavailable": failure.Busy,

	"ServiceLimitExceeded": failure.Quota, // of backups, of copies in progress, of file systems

	"BackupNotFound":     failure.NotFound,
	"FileSystemNotFound": failure.NotFound,
	"ResourceNotFound":   failure.NotFound,

	// The token was used with other parameters: what it stands for was made.
	"IncompatibleParameterError": failure.Conflict,

	"InvalidSourceKmsKey":      failure.KMS,
	"InvalidDestinationKmsKey": failure.KMS,

	"UnsupportedOperation":          failure.Unsupported,
	"ResourceDoesNotSupportTagging": failure.Unsupported,

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
}

func wrap(op string, err error) error { return awserr.Wrap("fsx:"+op, err, codes) }
