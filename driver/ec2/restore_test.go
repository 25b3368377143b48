package ec2

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func restoreRequest(t *testing.T, settings Settings, overrides map[string]string) driver.RestoreRequest {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	scope := resource.Scope{Partition: "aws", Account: "111111111111", Region: "us-east-1"}
	return driver.RestoreRequest{
		Scope: scope, Overrides: overrides, Point: driver.Point{Ref: "ami-1"},
		Resource: resource.Resource{
			ARN: "arn:aws:ec2:us-east-1:111111111111:instance/i-1", Account: scope.Account, Region: scope.Region,
			Settings: raw, Tags: map[string]string{"env": "prod", "aws:autoscaling:groupName": "g"},
		},
		Mark: driver.Mark{Installation: "prod", JobID: "J1", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
	}
}

func recordedSettings() Settings {
	return Settings{
		InstanceType: "m5.large", AvailabilityZone: "us-east-1b", SubnetID: "subnet-1", SecurityGroupIDs: []string{"sg-1", "sg-2"},
		PrivateIP: "10.0.0.4", KeyName: "operations", ProfileARN: "arn:aws:iam::111111111111:instance-profile/app", Tenancy: "default",
		EBSOptimized: true, MetadataTokens: "required", MetadataHops: 2, MetadataEndpoint: "enabled",
		Volumes: []Volume{
			{Device: "/dev/sdf", VolumeID: "vol-2", VolumeType: "gp2", SizeGiB: 100, IOPS: 300},
			{Device: "/dev/xvda", VolumeID: "vol-1", VolumeType: "gp3", SizeGiB: 8, IOPS: 3000, Throughput: 125, DeleteOnTermination: true},
		},
	}
}

func TestPlanRestoreUsesWhatWasRecorded(t *testing.T) {
	t.Parallel()
	plan, err := New(nil).PlanRestore(restoreRequest(t, recordedSettings(), nil))
	if err != nil {
		t.Fatalf("PlanRestore: %v", err)
	}
	golden.JSON(t, filepath.Join("testdata", "restore-plan.json"), plan)
}

func TestPlanRestoreElsewhereLeavesThePlaceBehind(t *testing.T) {
	t.Parallel()
	req := restoreRequest(t, recordedSettings(), map[string]string{"subnet_id": "subnet-9"})
	req.Scope.Region, req.Scope.Account = "eu-west-1", "222222222222"
	plan, err := New(nil).PlanRestore(req)
	if err != nil {
		t.Fatalf("PlanRestore: %v", err)
	}
	want := map[string]string{
		"instance_type": "m5.large", "subnet_id": "subnet-9", "tenancy": "default", "ebs_optimized": "true",
		"metadata_tokens": "required", "metadata_hops": "2", "metadata_endpoint": "enabled", "restore_as": "instance",
	}
	if diff := cmp.Diff(want, plan.Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestPlanRestoreReportsEveryProblem(t *testing.T) {
	t.Parallel()
	req := restoreRequest(t, Settings{}, map[string]string{"tenancy": "mine", "metadata_hops": "0", "monitoring": "perhaps", "type": "x"})
	_, err := New(nil).PlanRestore(req)
	var got *driver.ParameterError
	if !errors.As(err, &got) || !failure.Is(err, failure.Invalid) || len(got.Problems) != 6 {
		t.Fatalf("PlanRestore = %v, want an invalid ParameterError with 6 problems", err)
	}
}

func TestRestoreDropsDevicesTheImageLacks(t *testing.T) {
	t.Parallel()
	in := &ec2.RunInstancesInput{BlockDeviceMappings: mappings(recordedSettings().Volumes, nil)}
	keepDevices(in, &types.Image{BlockDeviceMappings: []types.BlockDeviceMapping{
		{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{}},
		{DeviceName: aws.String("/dev/sdf"), VirtualName: aws.String("ephemeral0")},
	}})
	if len(in.BlockDeviceMappings) != 1 || *in.BlockDeviceMappings[0].DeviceName != "/dev/xvda" {
		t.Errorf("mappings %+v, want only /dev/xvda", in.BlockDeviceMappings)
	}
}
