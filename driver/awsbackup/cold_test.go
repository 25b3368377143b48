package awsbackup_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/s3"
	"holdfast/failure"
)

func (l *lab) chill(p driver.Point, installation string, days int) error {
	return l.d.MoveToCold(l.t.Context(), driver.ColdRequest{
		Scope: home, Installation: installation, Ref: p.Ref, Lifecycle: driver.Lifecycle{ColdAfterDays: days},
	})
}

func (l *lab) cold(p driver.Point) driver.State { return l.look(driver.Archive, home, p.Ref).State }

// AWS moves the point by itself, when the lifecycle it was given later says so.
func TestALifecycleIsChangedAfterThePointWasMade(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, p := l.point()
	if got := l.cold(p); got != "" {
		t.Errorf("a point that goes nowhere is %q", got)
	}
	if err := l.chill(p, "stranger", 30); !failure.Is(err, failure.Held) {
		t.Errorf("for another installation: %v, want class held", err)
	}
	for range 2 {
		l.must(l.chill(p, "test", 30))
	}
	is := l.describe(home, p).Lifecycle
	if aws.ToInt64(is.MoveToColdStorageAfterDays) != 30 || aws.ToInt64(is.DeleteAfterDays) > 0 || l.cold(p) != driver.Pending {
		t.Errorf("the point is %q with %+v, want it pending, and kept", l.cold(p), is)
	}
	if n := l.org.Calls()["backup:UpdateRecoveryPointLifecycle"]; n != 1 {
		t.Errorf("the lifecycle was changed %d times", n)
	}
	l.clock.Advance(31 * 24 * time.Hour)
	if got := l.cold(p); got != driver.Succeeded {
		t.Errorf("after 31 days the point is %q, want it cold", got)
	}
	l.must(l.chill(p, "test", 60)) // too late, and no error
}

func TestALockKeepsTheLifecycleAsItIs(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, p := l.point()
	_, err := l.client(home).PutBackupVaultLockConfiguration(t.Context(), &backup.PutBackupVaultLockConfigurationInput{BackupVaultName: aws.String("daily")})
	l.must(err)
	if err := l.chill(p, "test", 30); !failure.Is(err, failure.Held) {
		t.Errorf("under a lock: %v, want class held", err)
	}
	l.d = s3.New(nil, awsbackup.Options{}) // without sessions any call would panic
	if err := l.chill(p, "test", 30); !failure.Is(err, failure.Unsupported) {
		t.Errorf("of a kind without cold storage: %v, want class unsupported", err)
	}
}
