package sim_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

// The SDK's own client takes a snapshot of a simulated volume, which completes when the
// clock says so.
func Example() {
	now := clock.NewManual(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{Clock: now, Accounts: []string{"111122223333"}, Regions: []string{"eu-central-1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	arn, err := org.Create(sim.Blueprint{Kind: resource.EBS, Account: "111122223333", Region: "eu-central-1", SizeGiB: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	cfg, err := org.Provider().Config(ctx, awssession.Request{
		Scope: resource.Scope{Partition: "aws", Account: "111122223333", Region: "eu-central-1"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := ec2.NewFromConfig(cfg)
	volume := arn[len("arn:aws:ec2:eu-central-1:111122223333:volume/"):]
	snapshot, err := client.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &volume})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(snapshot.State)
	now.Advance(15 * time.Minute)
	all, err := client.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(all.Snapshots[0].State, org.Calls()["ec2:CreateSnapshot"])
	// Output:
	// pending
	// completed 1
}
