package fsxbackup_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/fsxlustre"
	"holdfast/driver/fsxwindows"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

var home = resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}

// AWS Backup calls every file system FSx. What it made of one kind is no recovery point of
// the other, nor of FSx's own engine, and FSx does not delete it.
func TestBackupsOfAWSBackupAreToldApartByKind(t *testing.T) {
	t.Parallel()
	manual := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	org, err := sim.New(sim.Options{Clock: manual, Unthrottled: true, RetryBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	lustre, windows := fsxlustre.NewAWSBackup(org.Provider(), awsbackup.Options{}), fsxwindows.NewAWSBackup(org.Provider(), awsbackup.Options{})
	points := map[resource.Kind]driver.Ref{}
	for n, d := range []*awsbackup.Driver{lustre, windows} {
		kind := d.Descriptor().Kind
		arn, err := org.Create(sim.Blueprint{Kind: kind, Account: home.Account, Region: home.Region})
		if err != nil {
			t.Fatal(err)
		}
		mark := driver.Mark{Installation: "test", JobID: fmt.Sprintf("%026d", n), SourceARN: arn, CreatedAt: manual.Now()}
		ref, err := d.Start(t.Context(), driver.StartRequest{Scope: home, Mark: mark, Resource: resource.Resource{ARN: arn}})
		if err != nil {
			t.Fatal(err)
		}
		manual.Advance(24 * time.Hour)
		seen, err := d.Look(t.Context(), driver.LookRequest{Scope: home, Operation: driver.Backup, Refs: []driver.Ref{ref}})
		if err != nil || seen[ref].State != driver.Succeeded {
			t.Fatalf("the backup of %s is %+v, %v", kind, seen[ref], err)
		}
		points[kind] = seen[ref].Point.Ref
	}
	for name, want := range map[driver.Driver][]driver.Ref{
		lustre: {points[resource.FSxLustre]}, windows: {points[resource.FSxWindows]},
		fsxlustre.New(org.Provider()): nil, fsxwindows.New(org.Provider()): nil,
	} {
		var got []driver.Ref
		err := name.List(t.Context(), home, func(a driver.Artefact) error { got = append(got, a.Point.Ref); return nil })
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s by %s lists (-want +got): %v\n%s", name.Descriptor().Kind, driver.EngineOf(name), err, diff)
		}
	}
	remove := driver.DeleteRequest{Scope: home, Installation: "test", Ref: points[resource.FSxLustre]}
	if err := windows.Delete(t.Context(), remove); !failure.Is(err, failure.Held) {
		t.Errorf("a deletion by the other kind = %v, want class held", err)
	}
	wantOnlyAWSBackupDeletes(t, org, lustre, remove)
}

func wantOnlyAWSBackupDeletes(t *testing.T, org *sim.Organization, d *awsbackup.Driver, remove driver.DeleteRequest) {
	t.Helper()
	cfg, err := org.Provider().Config(t.Context(), awssession.Request{Scope: home, Purpose: resource.ForExpire})
	if err != nil {
		t.Fatal(err)
	}
	id := string(remove.Ref)[len(remove.Ref)-len("backup-0")-16:]
	if _, err := fsx.NewFromConfig(cfg).DeleteBackup(t.Context(), &fsx.DeleteBackupInput{BackupId: &id}); err == nil {
		t.Error("FSx deleted a backup that is AWS Backup's")
	}
	if err := d.Delete(t.Context(), remove); err != nil {
		t.Errorf("the deletion by AWS Backup: %v", err)
	}
}

// The configuration of a file system is one text of metadata, without what is not set.
func TestRestoreByAWSBackupTellsTheConfiguration(t *testing.T) {
	t.Parallel()
	settings := encoded(t, map[string]any{"capacity_gib": 1200, "parameters": map[string]string{
		"subnet_ids": "subnet-0a", "security_groups": "sg-0a,sg-0b", "storage_type": "SSD", "deployment_type": "PERSISTENT_2",
		"throughput_per_tib": "250", "compression": "LZ4", "copy_tags_to_backups": "false",
	}})
	point := "daily/arn:aws:fsx:eu-central-1:111111111111:backup/backup-0123456789abcdef0"
	plan, err := fsxlustre.NewAWSBackup(nil, awsbackup.Options{}).PlanRestore(driver.RestoreRequest{
		Scope: home, Point: driver.Point{Ref: driver.Ref(point)}, Mark: driver.Mark{Installation: "test", JobID: "J1"},
		Resource: resource.Resource{ARN: "arn:aws:fsx:eu-central-1:111111111111:file-system/fs-1", Account: home.Account, Region: home.Region, Settings: settings},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, call := range plan.Calls {
		got = append(got, call.Operation)
	}
	if diff := cmp.Diff([]string{"backup:GetRecoveryPointRestoreMetadata", "backup:StartRestoreJob", "fsx:TagResource"}, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	var start backup.StartRestoreJobInput
	if err := json.Unmarshal(plan.Calls[1].Input, &start); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"SubnetIds": `["subnet-0a"]`, "SecurityGroupIds": `["sg-0a","sg-0b"]`, "StorageType": "SSD",
		"LustreConfiguration": `{"CopyTagsToBackups":false,"DataCompressionType":"LZ4","DeploymentType":"PERSISTENT_2","PerUnitStorageThroughput":250}`,
	}
	if diff := cmp.Diff(want, start.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func encoded(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
