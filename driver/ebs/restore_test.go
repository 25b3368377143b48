package ebs

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"holdfast/internal/golden"

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
		Scope: scope, Overrides: overrides, Point: driver.Point{Ref: "snap-1", Encrypted: settings.Encrypted},
		Resource: resource.Resource{
			ARN: "arn:aws:ec2:us-east-1:111111111111:volume/vol-1", Account: scope.Account, Region: scope.Region,
			Settings: raw, Tags: map[string]string{"env": "prod", "aws:cloudformation:stack-name": "s"},
		},
		Mark: driver.Mark{Installation: "prod", JobID: "J1", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
	}
}

func recordedGP3() Settings {
	return Settings{AvailabilityZone: "us-east-1b", VolumeType: "gp3", SizeGiB: 100, IOPS: 4000, Throughput: 250}
}

func TestPlanRestoreUsesWhatWasRecorded(t *testing.T) {
	t.Parallel()
	plan, err := New(nil).PlanRestore(restoreRequest(t, recordedGP3(), nil))
	if err != nil {
		t.Fatalf("PlanRestore: %v", err)
	}
	golden.JSON(t, filepath.Join("testdata", "restore-plan.json"), plan)
}

func TestPlanRestoreOverrides(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		settings  Settings
		overrides map[string]string
		want      map[string]string
	}{
		{
			"recorded IOPS and throughput go with the recorded type only", recordedGP3(),
			map[string]string{"volume_type": "st1", "size_gib": "200"},
			map[string]string{"availability_zone": "us-east-1b", "volume_type": "st1", "size_gib": "200"},
		},
		{
			"gp2's baseline is no parameter",
			Settings{AvailabilityZone: "z", VolumeType: "gp2", SizeGiB: 10, IOPS: 100}, nil,
			map[string]string{"availability_zone": "z", "volume_type": "gp2", "size_gib": "10"},
		},
		{
			"a key encrypts", Settings{AvailabilityZone: "z", VolumeType: "gp2", SizeGiB: 10},
			map[string]string{"kms_key_id": "alias/k"},
			map[string]string{
				"availability_zone": "z", "volume_type": "gp2", "size_gib": "10",
				"kms_key_id": "alias/k", "encrypted": "true",
			},
		},
		{
			"multi-attach is kept", Settings{AvailabilityZone: "z", VolumeType: "io2", SizeGiB: 10, IOPS: 500, MultiAttach: true}, nil,
			map[string]string{
				"availability_zone": "z", "volume_type": "io2", "size_gib": "10", "iops": "500", "multi_attach": "true",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := New(nil).PlanRestore(restoreRequest(t, tt.settings, tt.overrides))
			if err != nil {
				t.Fatalf("PlanRestore: %v", err)
			}
			if diff := cmp.Diff(tt.want, plan.Parameters); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanRestoreReportsEveryProblem(t *testing.T) {
	t.Parallel()
	settings := recordedGP3()
	settings.Encrypted = true
	req := restoreRequest(t, settings, map[string]string{
		"size_gib": "50", "volume_type": "st1", "iops": "3000", "encrypted": "false", "zone": "x",
	})
	req.Scope.Region = "eu-west-1" // the recorded zone is of no use there
	_, err := New(nil).PlanRestore(req)
	var got *driver.ParameterError
	if !errors.As(err, &got) || !failure.Is(err, failure.Invalid) {
		t.Fatalf("PlanRestore = %v, want an invalid ParameterError", err)
	}
	want := []string{
		"zone is not a parameter: use attach_device, attach_instance_id, availability_zone, encrypted, iops, kms_key_id, multi_attach, size_gib, temporary_restore_days, throughput, volume_type",
		"availability_zone is missing: the zone of the new volume; the recorded one, except in another region",
		`iops does not go with volume_type "st1": only with gp3, io2, io1`,
		"size_gib is 50: the snapshot's volume has 100",
		"encrypted is false: the snapshot is encrypted and stays so",
	}
	if diff := cmp.Diff(want, got.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
