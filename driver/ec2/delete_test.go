package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/driver"
	"holdfast/driver/ec2"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	account = "111111111111"
	region  = "eu-central-1"
)

// lab is one instance of a simulated organization, its image, and a client beside the driver.
type lab struct {
	driver *ec2.Driver
	client *sdk.Client
	mark   driver.Mark
	ref    driver.Ref
}

func newLab(t *testing.T) lab {
	t.Helper()
	manual := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{Clock: manual, Accounts: []string{account}, Regions: []string{region}})
	if err != nil {
		t.Fatal(err)
	}
	arn, err := org.Create(sim.Blueprint{Kind: resource.EC2, Account: account, Region: region, Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	scope := resource.Scope{Partition: "aws", Account: account, Region: region}
	cfg, err := org.Provider().Config(t.Context(), awssession.Request{Scope: scope, Purpose: resource.ForExpire})
	if err != nil {
		t.Fatal(err)
	}
	l := lab{driver: ec2.New(org.Provider()), client: sdk.NewFromConfig(cfg), mark: driver.Mark{Installation: "prod", JobID: "j1", SourceARN: arn}}
	l.ref, err = l.driver.Start(t.Context(), driver.StartRequest{Scope: scope, Mark: l.mark, Resource: resource.Resource{ARN: arn}})
	if err != nil {
		t.Fatal(err)
	}
	manual.Advance(time.Hour)
	return l
}

func (l lab) delete(t *testing.T) {
	t.Helper()
	scope := resource.Scope{Partition: "aws", Account: account, Region: region}
	if err := l.driver.Delete(t.Context(), driver.DeleteRequest{Scope: scope, Installation: l.mark.Installation, Ref: l.ref}); err != nil {
		t.Fatalf("delete: %v", err)
	}
}

func (l lab) snapshots(t *testing.T) []types.Snapshot {
	t.Helper()
	out, err := l.client.DescribeSnapshots(t.Context(), &sdk.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Snapshots
}

func TestSnapshotsOfAnImageAreNoArtefactsOfTheirOwn(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	snapshots := l.snapshots(t)
	if len(snapshots) != 2 {
		t.Fatalf("%d snapshots, want one of each of the two volumes", len(snapshots))
	}
	for _, s := range snapshots {
		tags := map[string]string{}
		for _, tag := range s.Tags {
			tags[*tag.Key] = *tag.Value
		}
		if _, marked := driver.MarkFromTags(tags); marked || tags[ec2.TagPartOf] != l.mark.Name() {
			t.Errorf("snapshot %s has tags %v, want %s and no mark", *s.SnapshotId, tags, ec2.TagPartOf)
		}
	}
}

func TestDeleteTakesTheSnapshotsAlong(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.delete(t)
	if left := l.snapshots(t); len(left) != 0 {
		t.Errorf("%d snapshots left", len(left))
	}
	l.delete(t)
}

func TestDeleteAgainAfterAnInterruptionTakesWhatStayed(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	if _, err := l.client.DeregisterImage(t.Context(), &sdk.DeregisterImageInput{ImageId: aws.String(string(l.ref))}); err != nil {
		t.Fatal(err)
	}
	if left := l.snapshots(t); len(left) != 2 {
		t.Fatalf("%d snapshots after a plain deregistration, want 2", len(left))
	}
	l.delete(t)
	if left := l.snapshots(t); len(left) != 0 {
		t.Errorf("%d snapshots left", len(left))
	}
}
