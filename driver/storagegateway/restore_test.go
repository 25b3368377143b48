package storagegateway_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	holdfast "holdfast/driver/storagegateway"
	"holdfast/failure"
	"holdfast/resource"
)

const gatewayARN = "arn:aws:storagegateway:eu-central-1:111111111111:gateway/sgw-12A3456B"

func restoreRequest(t *testing.T, settings holdfast.Settings, overrides map[string]string) driver.RestoreRequest {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	return driver.RestoreRequest{
		Scope: scope, Overrides: overrides, Point: driver.Point{Ref: "snap-1"}, Mark: mark("J1", gatewayARN+"/volume/vol-1"),
		Resource: resource.Resource{
			ARN: gatewayARN + "/volume/vol-1", Account: scope.Account, Region: scope.Region, Settings: raw, Tags: map[string]string{"env": "prod"},
		},
	}
}

func recordedCached() holdfast.Settings {
	return holdfast.Settings{
		Type: "CACHED", GatewayARN: gatewayARN, TargetName: "Files", NetworkInterface: "10.0.3.4", SizeBytes: 500 << 30,
		KMSKeyID: "arn:aws:kms:eu-central-1:111111111111:key/1",
	}
}

func recordedStored() holdfast.Settings {
	s := recordedCached()
	s.Type, s.DiskID = "STORED", "pci-0000:03:00.0-scsi-0:0:0:0"
	return s
}

func TestPlanRestore(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]driver.RestoreRequest{
		"cached": restoreRequest(t, recordedCached(), nil),
		"stored": restoreRequest(t, recordedStored(), nil),
		"ebs":    restoreRequest(t, recordedCached(), map[string]string{"restore_as": "ebs-volume", "availability_zone": "eu-central-1a", "size_gib": "600"}),
	} {
		plan, err := holdfast.New(nil).PlanRestore(req)
		if err != nil {
			t.Fatalf("PlanRestore: %v", err)
		}
		golden.JSON(t, filepath.Join("testdata", "restore-plan-"+name+".json"), plan)
	}
}

func TestPlanRestoreReportsEveryProblem(t *testing.T) {
	t.Parallel()
	huge := recordedCached()
	huge.SizeBytes = 17 << 40
	tests := []struct {
		name      string
		settings  holdfast.Settings
		region    string
		overrides map[string]string
		want      []string
	}{
		{
			"nothing was recorded", holdfast.Settings{}, "", nil,
			[]string{"restore_as is missing: cached or stored, a volume of a gateway of that type, or ebs-volume"},
		},
		{
			"in another region there is another gateway", recordedCached(), "eu-west-1", map[string]string{"network_interface": "10.1.0.1"},
			[]string{"gateway_arn is missing: restore_as cached needs it, and none of this account and region is recorded"},
		},
		{
			"a cached volume as a stored one, and smaller", recordedCached(), "",
			map[string]string{"restore_as": "stored", "size_gib": "1", "volume_type": "gp2"},
			[]string{
				`size_gib does not go with restore_as "stored": only with cached, ebs-volume`,
				`volume_type does not go with restore_as "stored": only with ebs-volume`,
				"disk_id is missing: restore_as stored needs it, and none of this account and region is recorded",
			},
		},
		{"smaller", recordedCached(), "", map[string]string{"size_gib": "1"}, []string{"size_gib is 1: the snapshot's volume has 500"}},
		{
			"too large for EBS", huge, "", map[string]string{"restore_as": "ebs-volume"},
			[]string{
				"availability_zone is missing: restore_as ebs-volume needs it",
				"restore_as is ebs-volume: a cached volume of more than 16 TiB does not become one",
			},
		},
		{
			"as something else", recordedCached(), "", map[string]string{"restore_as": "tape"},
			[]string{`restore_as is "tape": use one of cached, stored, ebs-volume`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := restoreRequest(t, tt.settings, tt.overrides)
			if tt.region != "" {
				req.Scope.Region = tt.region
			}
			_, err := holdfast.New(nil).Restore(t.Context(), req)
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
