package awsbackup

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"

	"holdfast/driver"
	"holdfast/failure"
)

func TestEveryCodeHasItsClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  smithy.APIError
		want failure.Class
	}{
		{&types.LimitExceededException{}, failure.Quota},
		{&types.ConflictException{}, failure.Busy},
		{&types.InvalidResourceStateException{}, failure.Busy},
		{&types.DependencyFailureException{}, failure.Transient},
		{&types.ServiceUnavailableException{}, failure.Transient},
		{&types.ResourceNotFoundException{}, failure.NotFound},
		{&types.AlreadyExistsException{}, failure.Conflict},
		{&types.InvalidParameterValueException{}, failure.Invalid},
		{&types.InvalidRequestException{}, failure.Invalid},
		{&types.MissingParameterValueException{}, failure.Invalid},
	} {
		if got := failure.ClassOf(wrap("StartBackupJob", c.err)); got != c.want {
			t.Errorf("%s is %s, want %s", c.err.ErrorCode(), got, c.want)
		}
		if _, listed := codes[c.err.ErrorCode()]; !listed {
			t.Errorf("%s is not in the table", c.err.ErrorCode())
		}
	}
	if len(codes) != 10 {
		t.Errorf("the table has %d lines, and 10 are tested", len(codes))
	}
}

func TestWhatADeletionIsToldHasItsClass(t *testing.T) {
	t.Parallel()
	denied := func(message string) error {
		return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: message}
	}
	for _, c := range []struct {
		err  error
		want failure.Class
	}{
		{nil, ""},
		{&types.ResourceNotFoundException{}, ""},
		{&types.InvalidRequestException{Message: aws.String("Recovery point is under legal hold")}, failure.Held},
		{denied("Backup Vault Lock configuration prevents the deletion"), failure.Held},
		{denied("the recovery point is under Legal Hold"), failure.Held},
		{denied("not authorized to perform backup:DeleteRecoveryPoint"), failure.Denied},
		{&types.InvalidResourceStateException{}, failure.Busy},
	} {
		if got := failure.ClassOf(deletion(c.err)); got != c.want {
			t.Errorf("%v is %q, want %q", c.err, got, c.want)
		}
	}
}

func TestEveryStateOfABackupJob(t *testing.T) {
	t.Parallel()
	want := map[types.BackupJobState]driver.State{
		types.BackupJobStateCreated: driver.Pending, types.BackupJobStatePending: driver.Pending,
		types.BackupJobStateRunning: driver.Pending, types.BackupJobStateAborting: driver.Pending,
		types.BackupJobStateCompleted: driver.Succeeded, types.BackupJobStatePartial: driver.Partial,
		types.BackupJobStateFailed: driver.Failed, types.BackupJobStateAborted: driver.Failed, types.BackupJobStateExpired: driver.Failed,
		"SOMETHING_NEW": driver.Pending,
	}
	for _, state := range append(types.BackupJobState("").Values(), "SOMETHING_NEW") {
		s := backupStatus(types.BackupJob{State: state, BackupVaultName: aws.String("v"), RecoveryPointArn: aws.String("arn:p")})
		if expected, known := want[state]; !known || s.State != expected {
			t.Errorf("%s is %q, want %q", state, s.State, expected)
		}
		if made := s.State == driver.Succeeded || s.State == driver.Partial; made != (s.Point.Ref == "v/arn:p") {
			t.Errorf("%s has point %+v", state, s.Point)
		}
		if s.State == driver.Failed && s.Message == "" {
			t.Errorf("%s gives no reason", state)
		}
	}
}

func TestEveryStateOfACopyJob(t *testing.T) {
	t.Parallel()
	want := map[types.CopyJobState]driver.State{
		types.CopyJobStateCreated: driver.Pending, types.CopyJobStateRunning: driver.Pending, "SOMETHING_NEW": driver.Pending,
		types.CopyJobStateCompleted: driver.Succeeded, types.CopyJobStatePartial: driver.Partial, types.CopyJobStateFailed: driver.Failed,
	}
	for _, state := range append(types.CopyJobState("").Values(), "SOMETHING_NEW") {
		if got := copyStatus(types.CopyJob{State: state}).State; got != want[state] {
			t.Errorf("%s is %q, want %q", state, got, want[state])
		}
	}
}

func TestEveryStatusOfARestoreJob(t *testing.T) {
	t.Parallel()
	want := map[types.RestoreJobStatus]driver.State{
		types.RestoreJobStatusPending: driver.Pending, types.RestoreJobStatusRunning: driver.Pending, "SOMETHING_NEW": driver.Pending,
		types.RestoreJobStatusCompleted: driver.Succeeded, types.RestoreJobStatusFailed: driver.Failed, types.RestoreJobStatusAborted: driver.Failed,
	}
	for _, status := range append(types.RestoreJobStatus("").Values(), "SOMETHING_NEW") {
		if got := restoreStatus(types.RestoreJobsListMember{Status: status}).State; got != want[status] {
			t.Errorf("%s is %q, want %q", status, got, want[status])
		}
	}
}

func TestEveryStatusOfAPoint(t *testing.T) {
	t.Parallel()
	want := map[types.RecoveryPointStatus]driver.State{
		types.RecoveryPointStatusCompleted: driver.Succeeded, types.RecoveryPointStatusAvailable: driver.Succeeded,
		types.RecoveryPointStatusExpired: driver.Succeeded, types.RecoveryPointStatusStopped: driver.Succeeded,
		types.RecoveryPointStatusPartial: driver.Partial, types.RecoveryPointStatusDeleting: driver.Gone,
		types.RecoveryPointStatusCreating: driver.Pending, "SOMETHING_NEW": driver.Pending,
	}
	for _, status := range append(types.RecoveryPointStatus("").Values(), "SOMETHING_NEW") {
		if got := pointState(status); got != want[status] {
			t.Errorf("%s is %q, want %q", status, got, want[status])
		}
	}
}

func TestMessageCategoriesGiveTheClass(t *testing.T) {
	t.Parallel()
	for category, want := range map[string]failure.Class{"AccessDenied": failure.Denied, "InvalidParameters": failure.Invalid, "Other": ""} {
		s := backupStatus(types.BackupJob{State: types.BackupJobStateFailed, MessageCategory: &category, StatusMessage: aws.String("no")})
		if s.Class != want {
			t.Errorf("%s is %q, want %q", category, s.Class, want)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"73.5": 73, "10.00%": 10, "0.0": 0, "100": 100, "": -1, "soon": -1, "101": -1} {
		if got := percent(&text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:backup:eu-west-1:111122223333:recovery-point:1/2"
	if vault, got, err := splitPoint(pointRef("daily", arn)); vault != "daily" || got != arn || err != nil {
		t.Errorf("point reference comes back as %q, %q, %v", vault, got, err)
	}
	for _, wrong := range []driver.Ref{"", "snap-1", "/arn:x", "vault/", "vault/1"} {
		if _, _, err := splitPoint(wrong); !failure.Is(err, failure.Invalid) {
			t.Errorf("%q is taken for a point: %v", wrong, err)
		}
	}
	if _, _, err := splitCopy("only-an-id", "aws"); !failure.Is(err, failure.Invalid) {
		t.Errorf("a reference without a place is taken for a copy: %v", err)
	}
}
