package fsxlustre_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/driver/fsxlustre"
	"holdfast/driver/internal/fsxbackup"
	"holdfast/internal/awssession"
	"holdfast/resource"
	"holdfast/sim"
)

var scope = resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}

func newOrganization(t *testing.T) (*sim.Organization, *fsx.Client) {
	t.Helper()
	org, err := sim.New(sim.Options{Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := org.Provider().Config(t.Context(), awssession.Request{Scope: scope, Purpose: resource.ForBackup})
	if err != nil {
		t.Fatal(err)
	}
	return org, fsx.NewFromConfig(cfg)
}

func create(t *testing.T, c *fsx.Client, lustre types.CreateFileSystemLustreConfiguration) string {
	t.Helper()
	out, err := c.CreateFileSystem(t.Context(), &fsx.CreateFileSystemInput{
		FileSystemType: types.FileSystemTypeLustre, StorageCapacity: aws.Int32(1200), SubnetIds: []string{"subnet-0b"},
		SecurityGroupIds: []string{"sg-0c", "sg-0d"}, LustreConfiguration: &lustre,
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("search")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.FileSystem.FileSystemId
}

func TestDiscoverTellsWhatHasNoBackups(t *testing.T) {
	t.Parallel()
	org, client := newOrganization(t)
	persistent := types.CreateFileSystemLustreConfiguration{DeploymentType: types.LustreDeploymentTypePersistent2, PerUnitStorageThroughput: aws.Int32(125)}
	imported := persistent
	imported.ImportPath = aws.String("s3://bucket")
	associated := create(t, client, persistent)
	want := map[string]string{
		create(t, client, persistent): "",
		create(t, client, types.CreateFileSystemLustreConfiguration{DeploymentType: types.LustreDeploymentTypeScratch1}): "a scratch file system",
		create(t, client, imported): "linked to a data repository",
		associated:                  "linked to a data repository",
	}
	if _, err := client.CreateDataRepositoryAssociation(t.Context(), &fsx.CreateDataRepositoryAssociationInput{
		FileSystemId: &associated, FileSystemPath: aws.String("/"), DataRepositoryPath: aws.String("s3://bucket"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := org.Create(sim.Blueprint{Kind: resource.FSxWindows, Account: scope.Account, Region: scope.Region}); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := fsxlustre.New(org.Provider()).Discover(t.Context(), scope, func(r resource.Resource) error {
		seen++
		reason, ours := want[r.Name]
		if !ours || (reason == "") != (r.Unsupported == "") || !strings.Contains(r.Unsupported, reason) {
			t.Errorf("%s is unsupported because %q, want %q", r.Name, r.Unsupported, reason)
		}
		if r.Tags["team"] != "search" {
			t.Errorf("%s has tags %v", r.Name, r.Tags)
		}
		return nil
	})
	if err != nil || seen != len(want) {
		t.Errorf("%d file systems, want %d: %v", seen, len(want), err)
	}
}

// Nothing FSx shows names the security groups; a restore needs them all the same.
func TestDiscoverRecordsWhatARestoreNeeds(t *testing.T) {
	t.Parallel()
	org, client := newOrganization(t)
	create(t, client, types.CreateFileSystemLustreConfiguration{
		DeploymentType: types.LustreDeploymentTypePersistent2, PerUnitStorageThroughput: aws.Int32(250),
		DataCompressionType:        types.DataCompressionTypeLz4,
		MetadataConfiguration:      &types.CreateFileSystemLustreMetadataConfiguration{Mode: types.MetadataConfigurationModeUserProvisioned, Iops: aws.Int32(6000)},
		RootSquashConfiguration:    &types.LustreRootSquashConfiguration{RootSquash: aws.String("65534:65534"), NoSquashNids: []string{"10.0.0.1@tcp"}},
		LogConfiguration:           &types.LustreLogCreateConfiguration{Level: types.LustreAccessAuditLogLevelErrorOnly, Destination: aws.String("arn:aws:logs:1")},
		WeeklyMaintenanceStartTime: aws.String("1:05:00"), CopyTagsToBackups: aws.Bool(true),
	})
	var got fsxbackup.Settings
	err := fsxlustre.New(org.Provider()).Discover(t.Context(), scope, func(r resource.Resource) error {
		return json.Unmarshal(r.Settings, &got)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := fsxbackup.Settings{CapacityGiB: 1200, VPCID: "vpc-0a", Parameters: map[string]string{
		"subnet_ids": "subnet-0b", "security_groups": "sg-0c,sg-0d", "kms_key_id": "arn:aws:kms:eu-central-1:111111111111:key/aws-fsx",
		"storage_type": "SSD", "weekly_maintenance": "1:05:00", "copy_tags_to_backups": "true", "deployment_type": "PERSISTENT_2",
		"throughput_per_tib": "250", "compression": "LZ4", "metadata_mode": "USER_PROVISIONED", "metadata_iops": "6000",
		"root_squash": "65534:65534", "no_squash_nids": "10.0.0.1@tcp", "log_level": "ERROR_ONLY", "log_destination": "arn:aws:logs:1",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}
