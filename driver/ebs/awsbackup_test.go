package ebs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/ebs"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// What AWS Backup makes of a volume is a snapshot that EC2 shows and does not delete, and
// that is no recovery point of the native engine, whatever its tags say.
func TestSnapshotsOfAWSBackupAreItsOwn(t *testing.T) {
	t.Parallel()
	manual := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{Clock: manual, Unthrottled: true, RetryBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	home := resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}
	arn, err := org.Create(sim.Blueprint{Kind: resource.EBS, Account: home.Account, Region: home.Region})
	if err != nil {
		t.Fatal(err)
	}
	d, native := ebs.NewAWSBackup(org.Provider(), awsbackup.Options{}), ebs.New(org.Provider())
	mark := driver.Mark{Installation: "test", JobID: fmt.Sprintf("%026d", 1), SourceARN: arn, CreatedAt: manual.Now()}
	org.Inject(sim.Fault{Operation: "StartBackupJob", Times: 1, Effect: sim.PartLater, Message: "one member is missing"})
	ref, err := d.Start(t.Context(), driver.StartRequest{Scope: home, Mark: mark, Resource: resource.Resource{ARN: arn}})
	if err != nil {
		t.Fatal(err)
	}
	manual.Advance(24 * time.Hour)
	seen, err := d.Look(t.Context(), driver.LookRequest{Scope: home, Operation: driver.Backup, Refs: []driver.Ref{ref}})
	status := seen[ref]
	if err != nil || status.State != driver.Partial || status.Message != "one member is missing" {
		t.Fatalf("the backup is %+v, %v: want it partial, with AWS's words", status, err)
	}
	listed := func(from driver.Driver) (refs []driver.Ref) {
		if err := from.List(t.Context(), home, func(a driver.Artefact) error { refs = append(refs, a.Point.Ref); return nil }); err != nil {
			t.Fatal(err)
		}
		return refs
	}
	if ours, theirs := listed(d), listed(native); len(ours) != 1 || ours[0] != status.Point.Ref || len(theirs) != 0 {
		t.Errorf("AWS Backup lists %v, EC2's own engine %v: want the point once, and there alone", ours, theirs)
	}
	cfg, err := org.Provider().Config(t.Context(), awssession.Request{Scope: home, Purpose: resource.ForExpire})
	if err != nil {
		t.Fatal(err)
	}
	client := ec2.NewFromConfig(cfg)
	shown, err := client.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	if err != nil || len(shown.Snapshots) != 1 {
		t.Fatalf("EC2 shows %+v, %v: want the snapshot", shown, err)
	}
	_, err = client.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: shown.Snapshots[0].SnapshotId})
	if awserr.Code(err) != "InvalidParameterValue" {
		t.Errorf("EC2's deletion = %v, want it refused", err)
	}
	remove := driver.DeleteRequest{Scope: home, Installation: "stranger", Ref: status.Point.Ref}
	if err := d.Delete(t.Context(), remove); !failure.Is(err, failure.Held) {
		t.Errorf("a stranger's deletion = %v, want class held", err)
	}
	remove.Installation = "test"
	if err := d.Delete(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	manual.Advance(time.Hour)
	if shown, err := client.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}}); err != nil || len(shown.Snapshots) != 0 {
		t.Errorf("after the deletion EC2 shows %+v, %v", shown, err)
	}
}
