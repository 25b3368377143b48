package awsbackup_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/efs"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const longest = 24 * time.Hour // than any job of the simulated organization

// lab is a simulated organization with two accounts and a driver of file systems.
type lab struct {
	t     *testing.T
	org   *sim.Organization
	clock *clock.Manual
	d     *awsbackup.Driver
	jobs  int
}

func newLab(t *testing.T) *lab {
	t.Helper()
	manual := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{
		Clock: manual, Accounts: []string{"111111111111", "222222222222"}, Unthrottled: true, RetryBackoff: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t: t, org: org, clock: manual, d: efs.New(org.Provider(), awsbackup.Options{})}
}

var (
	home   = resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}
	abroad = resource.Scope{Partition: "aws", Account: "222222222222", Region: "eu-west-1"}
)

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// client returns AWS Backup as an operator of the account sees it.
func (l *lab) client(scope resource.Scope) *backup.Client {
	l.t.Helper()
	cfg, err := l.org.Provider().Config(l.t.Context(), awssession.Request{Scope: scope, Purpose: resource.ForBackup})
	l.must(err)
	return backup.NewFromConfig(cfg)
}

func (l *lab) fileSystem(tags map[string]string) resource.Resource {
	l.t.Helper()
	arn, err := l.org.Create(sim.Blueprint{Kind: resource.EFS, Account: home.Account, Region: home.Region, Tags: tags, Encrypted: true})
	l.must(err)
	found := resource.Resource{}
	l.must(l.d.Discover(l.t.Context(), home, func(r resource.Resource) error {
		if r.ARN == arn {
			found = r
		}
		return nil
	}))
	return found
}

func (l *lab) mark(r resource.Resource) driver.Mark {
	l.jobs++
	return driver.Mark{
		Installation: "test", JobID: fmt.Sprintf("%026d", l.jobs), SourceARN: r.ARN, CreatedAt: l.clock.Now(),
	}
}

func (l *lab) start(r resource.Resource, lifecycle driver.Lifecycle) driver.Ref {
	l.t.Helper()
	ref, err := l.d.Start(l.t.Context(), driver.StartRequest{Scope: home, Mark: l.mark(r), Resource: r, Vault: "daily", Lifecycle: lifecycle})
	l.must(err)
	return ref
}

func (l *lab) look(op driver.Operation, scope resource.Scope, ref driver.Ref) driver.Status {
	l.t.Helper()
	seen, err := l.d.Look(l.t.Context(), driver.LookRequest{Scope: scope, Operation: op, Refs: []driver.Ref{ref}})
	l.must(err)
	return seen[ref]
}

// point backs a new file system up.
func (l *lab) point() (resource.Resource, driver.Point) {
	l.t.Helper()
	r := l.fileSystem(map[string]string{"env": "prod"})
	ref := l.start(r, driver.Lifecycle{})
	l.clock.Advance(longest)
	status := l.look(driver.Backup, home, ref)
	if status.State != driver.Succeeded {
		l.t.Fatalf("the backup is %+v", status)
	}
	return r, status.Point
}

func (l *lab) describe(scope resource.Scope, p driver.Point) *backup.DescribeRecoveryPointOutput {
	l.t.Helper()
	vault, _, _ := strings.Cut(string(p.Ref), "/")
	out, err := l.client(scope).DescribeRecoveryPoint(l.t.Context(), &backup.DescribeRecoveryPointInput{
		BackupVaultName: &vault, RecoveryPointArn: &p.ARN,
	})
	l.must(err)
	return out
}

func (l *lab) remove(p driver.Point) error {
	return l.d.Delete(l.t.Context(), driver.DeleteRequest{Scope: home, Installation: "test", Ref: p.Ref})
}

func TestVaultIsMadeOnceAndMarked(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r := l.fileSystem(nil)
	for range 3 {
		l.start(r, driver.Lifecycle{})
		l.clock.Advance(time.Minute)
	}
	calls := l.org.Calls()
	if calls["backup:CreateBackupVault"] != 1 || calls["backup:DescribeBackupVault"] != 1 || calls["backup:StartBackupJob"] != 3 {
		t.Errorf("three backups cost %v", calls)
	}
	out, err := l.client(home).ListTags(t.Context(), &backup.ListTagsInput{ResourceArn: aws.String("arn:aws:backup:eu-central-1:111111111111:backup-vault:daily")})
	if err != nil || out.Tags[driver.TagInstallation] != "test" {
		t.Errorf("the vault has tags %v, %v", out, err)
	}
}

// Cold storage is AWS's, deletion is ours, but under a lock with a maximum.
func TestWhatAWSIsToldOfTheLifecycle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r := l.fileSystem(nil)
	wanted := driver.Lifecycle{ColdAfterDays: 30, DeleteAfterDays: 365}
	told := func() *types.Lifecycle {
		ref := l.start(r, wanted)
		l.clock.Advance(longest)
		status := l.look(driver.Backup, home, ref)
		if status.State != driver.Succeeded {
			t.Fatalf("the backup is %+v", status)
		}
		return l.describe(home, status.Point).Lifecycle
	}
	if got := told(); aws.ToInt64(got.MoveToColdStorageAfterDays) != 30 || got.DeleteAfterDays != nil {
		t.Errorf("AWS was told %+v, want cold storage only", got)
	}
	_, err := l.client(home).PutBackupVaultLockConfiguration(t.Context(), &backup.PutBackupVaultLockConfigurationInput{
		BackupVaultName: aws.String("daily"), MaxRetentionDays: aws.Int64(400),
	})
	l.must(err)
	l.clock.Advance(2 * time.Hour) // what is known of the vault is an hour old
	if got := told(); aws.ToInt64(got.MoveToColdStorageAfterDays) != 30 || aws.ToInt64(got.DeleteAfterDays) != 365 {
		t.Errorf("under a lock AWS was told %+v, want both", got)
	}
}

func TestLocksAndLegalHoldsKeepPoints(t *testing.T) {
	t.Parallel()
	hold := func(l *lab) error {
		_, err := l.client(home).CreateLegalHold(t.Context(), &backup.CreateLegalHoldInput{
			Title: aws.String("case 7"), Description: aws.String("until the trial"),
			RecoveryPointSelection: &types.RecoveryPointSelection{VaultNames: []string{"daily"}},
		})
		return err
	}
	lock := func(l *lab) error {
		_, err := l.client(home).PutBackupVaultLockConfiguration(t.Context(), &backup.PutBackupVaultLockConfigurationInput{BackupVaultName: aws.String("daily")})
		return err
	}
	for name, guard := range map[string]func(*lab) error{"hold": hold, "lock": lock} {
		l := newLab(t)
		_, p := l.point()
		l.must(guard(l))
		if err := l.remove(p); !failure.Is(err, failure.Held) {
			t.Errorf("%s: the deletion is %v, want class held", name, err)
		}
		if got := l.look(driver.Expire, home, p.Ref).State; got != driver.Pending {
			t.Errorf("%s: the point is %q", name, got)
		}
	}
}

// AWS answers 200 to a deletion it then cannot carry out.
func TestADeletionThatLeavesThePointExpiredIsSeenAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, p := l.point()
	l.org.Inject(sim.Fault{Operation: "DeleteRecoveryPoint", Times: 1, Effect: sim.FailLater, Message: "the role may not delete it"})
	l.must(l.remove(p))
	if got := l.look(driver.Expire, home, p.Ref).State; got != driver.Pending {
		t.Errorf("a point that is being deleted is %q", got)
	}
	l.clock.Advance(time.Hour)
	got := l.look(driver.Expire, home, p.Ref)
	if got.State != driver.Failed || got.Class != failure.Denied || !strings.Contains(got.Message, "EXPIRED") || !strings.Contains(got.Message, "the role may not delete it") {
		t.Errorf("a point AWS could not delete is %+v", got)
	}
	l.must(l.remove(p))
	l.clock.Advance(time.Hour)
	if got := l.look(driver.Expire, home, p.Ref).State; got != driver.Gone {
		t.Errorf("after the second deletion the point is %q", got)
	}
}

func TestManyDeletionsAreLookedAtInTheListing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var refs []driver.Ref
	for range 25 {
		_, p := l.point()
		l.must(l.remove(p))
		refs = append(refs, p.Ref)
	}
	_, kept := l.point()
	before := l.org.Calls()["backup:DescribeRecoveryPoint"]
	seen, err := l.d.Look(t.Context(), driver.LookRequest{Scope: home, Operation: driver.Expire, Refs: append(refs, kept.Ref)})
	l.must(err)
	if l.org.Calls()["backup:DescribeRecoveryPoint"] != before || seen[kept.Ref].State != driver.Pending {
		t.Errorf("the point that stays is %+v", seen[kept.Ref])
	}
	for _, ref := range refs {
		if seen[ref].State != driver.Gone {
			t.Errorf("%s is %+v, want gone", ref, seen[ref])
		}
	}
}

func TestACopyToAnotherAccountAndRegionGetsItsOwnMark(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r, p := l.point()
	req := driver.CopyRequest{Scope: abroad, Mark: l.mark(r), Source: p, SourceScope: home, Vault: "dr", KMSKeyID: "arn:aws:kms:eu-west-1:222222222222:key/dr"}
	ref, err := l.d.Copy(t.Context(), req)
	l.must(err)
	l.clock.Advance(longest)
	status := l.look(driver.Copy, abroad, ref)
	if status.State != driver.Succeeded || status.Point.KMSKeyID != req.KMSKeyID || !strings.HasPrefix(string(status.Point.Ref), "dr/arn:aws:backup:eu-west-1:222222222222:") {
		t.Fatalf("the copy is %+v", status)
	}
	l.must(l.d.MarkCopy(t.Context(), req, status.Point))
	var listed []driver.Artefact
	l.must(l.d.List(t.Context(), abroad, func(a driver.Artefact) error {
		listed = append(listed, a)
		return nil
	}))
	if len(listed) != 1 || listed[0].Mark != req.Mark {
		t.Errorf("listed abroad: %+v, want the copy under its own mark", listed)
	}
	// A restore of the copy runs where it lies.
	restore := driver.RestoreRequest{Scope: abroad, Mark: l.mark(r), Point: status.Point, Resource: r, Overrides: map[string]string{"kms_key_id": req.KMSKeyID}}
	ref, err = l.d.Restore(t.Context(), restore)
	l.must(err)
	l.clock.Advance(longest)
	if got := l.look(driver.Restore, abroad, ref); got.State != driver.Succeeded {
		t.Errorf("the restore abroad is %+v", got)
	}
}

func TestABackupJobIsStopped(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ref := l.start(l.fileSystem(nil), driver.Lifecycle{})
	stop := driver.CancelRequest{Scope: home, Operation: driver.Backup, Ref: ref}
	for range 2 {
		l.must(l.d.Cancel(t.Context(), stop))
		if got := l.look(driver.Backup, home, ref).State; got != driver.Pending {
			t.Errorf("a job that is being stopped is %q", got)
		}
	}
	l.clock.Advance(time.Hour)
	if got := l.look(driver.Backup, home, ref); got.State != driver.Failed || !strings.Contains(got.Message, "ABORTED") {
		t.Errorf("a stopped job is %+v", got)
	}
	stop.Operation = driver.Copy
	if err := l.d.Cancel(t.Context(), stop); !failure.Is(err, failure.Unsupported) {
		t.Errorf("stopping a copy is %v, want class unsupported", err)
	}
}

func TestTagsOfSourceAndPointFitTogether(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	tags := map[string]string{}
	for n := range 44 {
		tags[fmt.Sprintf("tag-%02d", n)] = "x"
	}
	r := l.fileSystem(tags)
	rule := map[string]string{}
	for n := range 10 {
		rule[fmt.Sprintf("rule-%02d", n)] = "y"
	}
	ref, err := l.d.Start(t.Context(), driver.StartRequest{Scope: home, Mark: l.mark(r), Resource: r, Tags: rule})
	l.must(err)
	l.clock.Advance(longest)
	if got := l.look(driver.Backup, home, ref); got.State != driver.Succeeded {
		t.Errorf("with %d tags of the source the backup is %+v", len(tags), got)
	}
	for n := range 6 {
		tags[fmt.Sprintf("more-%02d", n)] = "x"
	}
	_, err = l.d.Start(t.Context(), driver.StartRequest{Scope: home, Mark: l.mark(r), Resource: resource.Resource{ARN: r.ARN, Tags: tags}})
	if !failure.Is(err, failure.Unsupported) || !strings.Contains(err.Error(), "50 tags") {
		t.Errorf("a source with 50 tags: %v, want it refused before AWS fails the job", err)
	}
}

func TestServiceRole(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.d = efs.New(l.org.Provider(), awsbackup.Options{ServiceRole: "arn:{partition}:iam::{account}:role/backup"})
	l.start(l.fileSystem(nil), driver.Lifecycle{})
	out, err := l.client(home).ListBackupJobs(t.Context(), &backup.ListBackupJobsInput{})
	l.must(err)
	if len(out.BackupJobs) != 1 || aws.ToString(out.BackupJobs[0].IamRoleArn) != "arn:aws:iam::111111111111:role/backup" {
		t.Errorf("the job runs as %+v", out.BackupJobs)
	}
}

func TestABackupIsFoundByItsPointWhenItsTokenHasLapsed(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r := l.fileSystem(nil)
	mark := l.mark(r)
	ref, err := l.d.Start(t.Context(), driver.StartRequest{Scope: home, Mark: mark, Resource: r})
	l.must(err)
	find := driver.FindRequest{Scope: home, Operation: driver.Backup, Mark: mark, Since: mark.CreatedAt}
	if got, err := l.d.Find(t.Context(), find); got != ref || err != nil {
		t.Errorf("found %q, %v, want %q", got, err, ref)
	}
	find.Mark = l.mark(r)
	if got, err := l.d.Find(t.Context(), find); !failure.Is(err, failure.NotFound) {
		t.Errorf("for another job %q, %v was found", got, err)
	}
	find.Operation = driver.Restore
	if got, err := l.d.Find(t.Context(), find); !failure.Is(err, failure.Unsupported) || !strings.Contains(err.Error(), "jobs release") {
		t.Errorf("of a restore %q, %v was found, want that it cannot be told", got, err)
	}
}
