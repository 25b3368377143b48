package dynamodb

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
		Scope: scope, Overrides: overrides, Point: driver.Point{Ref: "arn:aws:dynamodb:us-east-1:111111111111:table/Orders/backup/0-1"},
		Resource: resource.Resource{
			ARN: "arn:aws:dynamodb:us-east-1:111111111111:table/Orders", Name: "Orders",
			Account: scope.Account, Region: scope.Region, Settings: raw, Tags: map[string]string{"env": "prod"},
		},
		Mark: driver.Mark{Installation: "prod", JobID: "J1", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
	}
}

func everySetting() Settings {
	return Settings{
		BillingMode: "PAY_PER_REQUEST", TableClass: "STANDARD_INFREQUENT_ACCESS", StreamView: "NEW_IMAGE",
		TTLAttribute: "expires", PointInTime: true, PointInTimeDays: 7, DeletionProtection: true,
	}
}

func TestPlanRestoreUsesWhatWasRecorded(t *testing.T) {
	t.Parallel()
	plan, err := New(nil).PlanRestore(restoreRequest(t, everySetting(), nil))
	if err != nil {
		t.Fatalf("PlanRestore: %v", err)
	}
	golden.JSON(t, filepath.Join("testdata", "restore-plan.json"), plan)
}

func TestPlanRestoreProblems(t *testing.T) {
	t.Parallel()
	withKey := everySetting()
	withKey.KMSKeyARN = "key-1"
	tests := []struct {
		name      string
		settings  Settings
		region    string
		overrides map[string]string
		want      []string
	}{
		{"everything at once", everySetting(), "us-east-1", map[string]string{
			"stream_view": "ALL", "read_capacity": "5", "encryption": "rot13", "point_in_time_days": "0",
		}, []string{
			`stream_view is "ALL": use one of KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, none`,
			"read_capacity and write_capacity go together: one is missing",
			`encryption is "rot13": use one of aws_owned, aws_managed, customer`,
			`point_in_time_days is "0": want a whole number of at least 1`,
		}},
		{"provisioned without units", everySetting(), "us-east-1", map[string]string{"billing_mode": "PROVISIONED"},
			[]string{"read_capacity and write_capacity are missing: billing_mode PROVISIONED needs them"}},
		{"units with on-demand", everySetting(), "us-east-1", map[string]string{
			"billing_mode": "PAY_PER_REQUEST", "read_capacity": "1", "write_capacity": "1",
		}, []string{"read_capacity and write_capacity do not go with billing_mode PAY_PER_REQUEST"}},
		{"a key elsewhere", withKey, "eu-west-1", nil,
			[]string{"kms_key_id is missing: the recorded key key-1 is of no use in eu-west-1 (or set encryption)"}},
		{"customer without key", everySetting(), "us-east-1", map[string]string{"encryption": "customer"},
			[]string{"kms_key_id is missing: encryption customer needs it"}},
		{"key with AWS's own", everySetting(), "us-east-1", map[string]string{"encryption": "aws_owned", "kms_key_id": "k"},
			[]string{"kms_key_id does not go with encryption aws_owned"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := restoreRequest(t, tt.settings, tt.overrides)
			req.Scope.Region = tt.region
			_, err := New(nil).PlanRestore(req)
			var got *driver.ParameterError
			if !errors.As(err, &got) || !failure.Is(err, failure.Invalid) {
				t.Fatalf("PlanRestore = %v, want an invalid ParameterError", err)
			}
			if diff := cmp.Diff(tt.want, got.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if _, again := New(nil).Restore(t.Context(), req); again == nil || again.Error() != err.Error() {
				t.Errorf("Restore = %v, want the plan's error", again)
			}
		})
	}
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		region    string
		overrides map[string]string
		want      string
	}{
		{"as backed up", "us-east-1", nil, `null`},
		{"elsewhere it must be said", "eu-west-1", nil, `{"Enabled":false,"KMSMasterKeyId":null,"SSEType":""}`},
		{"managed", "eu-west-1", map[string]string{"encryption": "aws_managed"}, `{"Enabled":true,"KMSMasterKeyId":null,"SSEType":"KMS"}`},
		{"a key is enough", "us-east-1", map[string]string{"kms_key_id": "k"}, `{"Enabled":true,"KMSMasterKeyId":"k","SSEType":"KMS"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := restoreRequest(t, everySetting(), tt.overrides)
			req.Scope.Region = tt.region
			values, err := New(nil).resolve(req)
			if err != nil || values.Err() != nil {
				t.Fatalf("resolve: %v, %v", err, values.Err())
			}
			got, err := json.Marshal(encryptionOf(values))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("encryption (-want +got):\n%s", diff)
			}
		})
	}
}
