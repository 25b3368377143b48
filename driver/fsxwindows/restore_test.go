package fsxwindows_test

import (
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/driver/fsxwindows"
	"holdfast/driver/internal/fsxbackup"
	"holdfast/failure"
	"holdfast/resource"
)

const secret = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:join"

// singleAZ joins a directory AWS manages, multiAZ the customer's own.
func singleAZ() map[string]string {
	return map[string]string{
		"subnet_ids": "subnet-0a", "security_groups": "sg-0a", "storage_type": "HDD", "deployment_type": "SINGLE_AZ_2",
		"throughput_mbps": "64", "active_directory_id": "d-0123456789", "automatic_backup_days": "7", "automatic_backup_time": "02:00",
		"copy_tags_to_backups": "true", "disk_iops": "4000", "aliases": "files.example.com",
		"audit_file_access": "FAILURE_ONLY", "audit_share_access": "DISABLED", "audit_log_destination": "arn:aws:logs:eu-central-1:111111111111:log-group:/aws/fsx/windows",
	}
}

func multiAZ() map[string]string {
	return map[string]string{
		"subnet_ids": "subnet-0a,subnet-0b", "preferred_subnet_id": "subnet-0b", "security_groups": "sg-0a", "storage_type": "SSD",
		"deployment_type": "MULTI_AZ_1", "throughput_mbps": "64", "domain_name": "corp.example.com", "dns_ips": "10.0.0.2,10.0.0.3",
		"organizational_unit": "OU=FSx,DC=corp,DC=example,DC=com", "administrators_group": "FSx Admins",
	}
}

func restoreRequest(t *testing.T, values, overrides map[string]string) driver.RestoreRequest {
	t.Helper()
	raw, err := json.Marshal(fsxbackup.Settings{CapacityGiB: 300, Parameters: values})
	if err != nil {
		t.Fatal(err)
	}
	scope := resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}
	return driver.RestoreRequest{
		Scope: scope, Overrides: overrides, Point: driver.Point{Ref: "backup-1", Encrypted: true},
		Resource: resource.Resource{
			ARN: "arn:aws:fsx:eu-central-1:111111111111:file-system/fs-1", Account: scope.Account, Region: scope.Region, Settings: raw,
			Tags: map[string]string{"env": "prod"},
		},
		Mark: driver.Mark{Installation: "prod", JobID: "J1", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
	}
}

func TestPlanRestoreUsesWhatWasRecorded(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]driver.RestoreRequest{
		"single-az": restoreRequest(t, singleAZ(), nil),
		"multi-az":  restoreRequest(t, multiAZ(), map[string]string{"domain_join_secret_arn": secret}),
	} {
		plan, err := fsxwindows.New(nil).PlanRestore(req)
		if err != nil {
			t.Fatalf("PlanRestore: %v", err)
		}
		golden.JSON(t, filepath.Join("testdata", "restore-plan-"+name+".json"), plan)
	}
}

func TestRestoreReportsEveryProblem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		from, overrides map[string]string
		want            []string
	}{
		{
			"the password is in no backup", multiAZ(), nil,
			[]string{"domain_join_secret_arn is missing: no backup has the password of the account that joins the domain, so name the secret it is in"},
		},
		{
			"a password is not taken for a secret's name", multiAZ(), map[string]string{"domain_join_secret_arn": "hunter2"},
			[]string{"domain_join_secret_arn is not the ARN of a secret in Secrets Manager"},
		},
		{
			"a directory and a domain", singleAZ(), map[string]string{"domain_name": "corp.example.com"},
			[]string{
				"active_directory_id does not go with domain_name: a file system joins one directory, of the kind its source did",
				"dns_ips is missing: the domain's DNS servers are not recorded",
				"domain_join_secret_arn is missing: no backup has the password of the account that joins the domain, so name the secret it is in",
			},
		},
		{
			"subnets", multiAZ(), map[string]string{"subnet_ids": "subnet-1,subnet-2", "domain_join_secret_arn": secret},
			[]string{`preferred_subnet_id is "subnet-0b": use one of subnet_ids`},
		},
		{
			"one subnet for two servers", multiAZ(), map[string]string{"subnet_ids": "subnet-0b", "domain_join_secret_arn": secret},
			[]string{"subnet_ids has 1 subnets: a file system of type MULTI_AZ_1 is in two"},
		},
		{
			"no directory", map[string]string{"subnet_ids": "subnet-0a", "throughput_mbps": "4", "deployment_type": "SINGLE_AZ_1"}, nil,
			[]string{
				`throughput_mbps is "4": want a whole number of at least 8`,
				"active_directory_id or domain_name is missing: a Windows file system joins a directory",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// Without sessions any call would panic: what is wrong is told before the first.
			_, err := fsxwindows.New(nil).Restore(t.Context(), restoreRequest(t, tt.from, tt.overrides))
			var got *driver.ParameterError
			if !errors.As(err, &got) || !failure.Is(err, failure.Invalid) {
				t.Fatalf("Restore = %v, want an invalid ParameterError", err)
			}
			if diff := cmp.Diff(tt.want, got.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the error repeats what may be a password")
			}
		})
	}
}

// What joins a directory in one region may not be there in another.
func TestRestoreInAnotherRegion(t *testing.T) {
	t.Parallel()
	values := maps.Clone(multiAZ())
	values["domain_join_secret_arn"] = secret
	req := restoreRequest(t, values, map[string]string{"subnet_ids": "subnet-1,subnet-2"})
	req.Scope.Region = "eu-west-1"
	_, err := fsxwindows.New(nil).PlanRestore(req)
	var got *driver.ParameterError
	if !errors.As(err, &got) {
		t.Fatalf("PlanRestore = %v", err)
	}
	for n, name := range []string{"security_groups", "preferred_subnet_id", "domain_join_secret_arn"} {
		if len(got.Problems) <= n || !strings.HasPrefix(got.Problems[n], name+" is missing") {
			t.Errorf("problem %d of %q is not about %s", n, got.Problems, name)
		}
	}
}
