package rds

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

func recordedSettings() Settings {
	return Settings{
		Engine: "postgres", InstanceClass: "db.r6g.large", AllocatedGiB: 200, MaxAllocatedGiB: 1000,
		StorageType: "gp3", IOPS: 3000, StorageThroughput: 125,
		SubnetGroup: "private", SecurityGroups: []string{"sg-1", "sg-2"}, ParameterGroup: "tuned",
		OptionGroup: "default:postgres-16", AvailabilityZone: "us-east-1b", Port: 5432,
		IAMAuth: true, LogExports: []string{"postgresql"}, DeletionProtection: true, BackupRetentionDays: 7,
		MonitoringSeconds: 60, MonitoringRoleARN: "arn:aws:iam::111111111111:role/rds-monitoring",
		PerformanceInsights: true, PerformanceDays: 7, PerformanceKMSKeyID: "arn:aws:kms:us-east-1:111111111111:key/k",
	}
}

func restoreRequest(t *testing.T, settings Settings, overrides map[string]string) driver.RestoreRequest {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	scope := resource.Scope{Partition: "aws", Account: "111111111111", Region: "us-east-1"}
	return driver.RestoreRequest{
		Scope: scope, Overrides: overrides, Point: driver.Point{Ref: "hf-snapshot"},
		Resource: resource.Resource{
			ARN: "arn:aws:rds:us-east-1:111111111111:db:orders", Name: "orders",
			Account: scope.Account, Region: scope.Region, Settings: raw, Tags: map[string]string{"env": "prod"},
		},
		Mark: driver.Mark{Installation: "prod", JobID: "J1", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
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

func TestPlanRestoreElsewhereWantsWhatIsLocal(t *testing.T) {
	t.Parallel()
	req := restoreRequest(t, recordedSettings(), map[string]string{
		"multi_az": "true", "availability_zone": "eu-west-1a", "port": "x", "size": "1",
	})
	req.Scope.Region = "eu-west-1"
	_, err := New(nil).PlanRestore(req)
	var got *driver.ParameterError
	if !errors.As(err, &got) || !failure.Is(err, failure.Invalid) {
		t.Fatalf("PlanRestore = %v, want an invalid ParameterError", err)
	}
	want := []string{
		"subnet_group is missing: the recorded private is of another region or account",
		"security_groups is missing: the recorded sg-1,sg-2 is of another region or account",
		"parameter_group is missing: the recorded tuned is of another region or account",
		"availability_zone does not go with multi_az true",
		`port is "x": want a whole number of at least 1`,
	}
	if !strings.HasPrefix(got.Problems[0], "size is not a parameter: use allocated_gib, ") {
		t.Errorf("first problem %q, want the unknown parameter", got.Problems[0])
	}
	if diff := cmp.Diff(want, got.Problems[1:]); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestPlanRestoreElsewhereDropsWhatIsLocal(t *testing.T) {
	t.Parallel()
	req := restoreRequest(t, recordedSettings(), map[string]string{
		"subnet_group": "s", "security_groups": "sg-9", "parameter_group": "p",
	})
	req.Scope.Region = "eu-west-1"
	plan, err := New(nil).PlanRestore(req)
	if err != nil {
		t.Fatalf("PlanRestore: %v", err)
	}
	for _, name := range []string{"availability_zone", "option_group", "monitoring_role_arn", "monitoring_seconds", "performance_insights_kms_key_id"} {
		if value, kept := plan.Parameters[name]; kept {
			t.Errorf("%s = %q was carried to another region", name, value)
		}
	}
}
