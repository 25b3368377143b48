package fsxlustre_test

import (
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/driver/fsxlustre"
	"holdfast/driver/internal/fsxbackup"
	"holdfast/failure"
	"holdfast/resource"
)

func recorded() map[string]string {
	return map[string]string{
		"subnet_ids": "subnet-0a", "security_groups": "sg-0a,sg-0b", "kms_key_id": "arn:aws:kms:eu-central-1:111111111111:key/1",
		"storage_type": "SSD", "weekly_maintenance": "7:03:00", "automatic_backup_days": "0", "automatic_backup_time": "02:00",
		"copy_tags_to_backups": "false", "deployment_type": "PERSISTENT_2", "throughput_per_tib": "250", "lustre_version": "2.15",
		"compression": "LZ4", "metadata_mode": "AUTOMATIC", "root_squash": "65534:65534", "no_squash_nids": "10.0.0.1@tcp",
		"log_level": "WARN_ERROR", "log_destination": "arn:aws:logs:eu-central-1:111111111111:log-group:/aws/fsx/lustre",
	}
}

func restoreRequest(t *testing.T, values, overrides map[string]string) driver.RestoreRequest {
	t.Helper()
	raw, err := json.Marshal(fsxbackup.Settings{CapacityGiB: 1200, Parameters: values})
	if err != nil {
		t.Fatal(err)
	}
	return driver.RestoreRequest{
		Scope: scope, Overrides: overrides, Point: driver.Point{Ref: "backup-1", Encrypted: true},
		Resource: resource.Resource{
			ARN: "arn:aws:fsx:eu-central-1:111111111111:file-system/fs-1", Account: scope.Account, Region: scope.Region, Settings: raw,
			Tags: map[string]string{"env": "prod", "aws:cloudformation:stack-name": "s"},
		},
		Mark: driver.Mark{Installation: "prod", JobID: "J1", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
	}
}

func TestPlanRestoreUsesWhatWasRecorded(t *testing.T) {
	t.Parallel()
	plan, err := fsxlustre.New(nil).PlanRestore(restoreRequest(t, recorded(), nil))
	if err != nil {
		t.Fatalf("PlanRestore: %v", err)
	}
	golden.JSON(t, filepath.Join("testdata", "restore-plan.json"), plan)
}

func TestPlanRestoreReportsEveryProblem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		region    string
		without   string
		overrides map[string]string
		want      []string
	}{
		{
			"in another region nothing of the network is known", "eu-west-1", "", nil,
			[]string{
				"subnet_ids is missing: the recorded subnet-0a is of another region or account",
				"security_groups is missing: the recorded sg-0a,sg-0b is of another region or account",
			},
		},
		{
			"values that cannot be", "", "",
			map[string]string{
				"subnet_ids": "subnet-1,subnet-2", "deployment_type": "SCRATCH_2", "compression": "ZIP", "throughput_per_tib": "much",
				"storage_capacity_gib": "2400", "storage_type": "TAPE",
			},
			[]string{
				"storage_capacity_gib is not a parameter: use automatic_backup_days, automatic_backup_time, compression, copy_tags_to_backups, " +
					"deployment_type, drive_cache, efa, kms_key_id, log_destination, log_level, lustre_version, metadata_iops, metadata_mode, " +
					"no_squash_nids, read_cache_gib, read_cache_mode, root_squash, security_groups, storage_type, subnet_ids, throughput_mbps, " +
					"throughput_per_tib, weekly_maintenance",
				`storage_type is "TAPE": use one of SSD, HDD, INTELLIGENT_TIERING`,
				`deployment_type is "SCRATCH_2": use one of PERSISTENT_1, PERSISTENT_2`,
				`compression is "ZIP": use one of LZ4, NONE`,
				"subnet_ids has 2 subnets: a Lustre file system is in exactly one",
				`throughput_per_tib is "much": want a whole number of at least 1`,
			},
		},
		{
			"a point whose settings are lost", "", "deployment_type", nil,
			[]string{"deployment_type is missing: PERSISTENT_1 or PERSISTENT_2, as the backup's"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			values := maps.Clone(recorded())
			delete(values, tt.without)
			req := restoreRequest(t, values, tt.overrides)
			if tt.region != "" {
				req.Scope.Region = tt.region
			}
			_, err := fsxlustre.New(nil).Restore(t.Context(), req)
			var got *driver.ParameterError
			if !errors.As(err, &got) || !failure.Is(err, failure.Invalid) {
				t.Fatalf("Restore = %v, want an invalid ParameterError", err)
			}
			if diff := cmp.Diff(tt.want, got.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// In another region a network must be named, and the recorded key is of no use.
func TestPlanRestoreInAnotherRegion(t *testing.T) {
	t.Parallel()
	req := restoreRequest(t, recorded(), map[string]string{"subnet_ids": "subnet-9", "security_groups": "sg-9"})
	req.Scope.Region = "eu-west-1"
	plan, err := fsxlustre.New(nil).PlanRestore(req)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kms_key_id", "log_destination"} {
		if value, ok := plan.Parameters[name]; ok {
			t.Errorf("%s is %q in another region", name, value)
		}
	}
}
