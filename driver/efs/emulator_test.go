package efs_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	holdfast "holdfast/driver/efs"
	"holdfast/driver/internal/mototest"
)

// TestVaultsOnMoto does what moto can of AWS Backup: vaults. It knows no
// jobs and no recovery points, so the backup fails after its vault was made.
func TestVaultsOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions, awsbackup.Options{})
	made, err := efs.NewFromConfig(lab.Config(t, mototest.Home)).CreateFileSystem(t.Context(), &efs.CreateFileSystemInput{
		CreationToken: aws.String("one"), Encrypted: aws.Bool(true), Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
	})
	if err != nil {
		t.Fatalf("create file system: %v", err)
	}
	found := mototest.Discover(t, d, mototest.Home)
	if len(found) != 1 || found[0].ARN != aws.ToString(made.FileSystemArn) || found[0].Tags["env"] != "prod" {
		t.Fatalf("discovered %+v, want only %s", found, aws.ToString(made.FileSystemArn))
	}
	client := backup.NewFromConfig(lab.Config(t, mototest.Home))
	for _, job := range []string{"first", "second"} { // the second finds the vault
		_, err := d.Start(t.Context(), driver.StartRequest{Scope: mototest.Home, Mark: mototest.Mark(job, found[0]), Resource: found[0], Vault: "daily"})
		if err == nil {
			t.Fatal("moto begins backup jobs now: take them through their life here")
		}
		vault, err := client.DescribeBackupVault(t.Context(), &backup.DescribeBackupVaultInput{BackupVaultName: aws.String("daily")})
		if err != nil {
			t.Fatalf("the vault was not made: %v", err)
		}
		if _, err := client.ListTags(t.Context(), &backup.ListTagsInput{ResourceArn: vault.BackupVaultArn}); err != nil {
			t.Errorf("the vault's tags, which moto drops: %v", err)
		}
	}
	listed, err := client.ListBackupVaults(t.Context(), &backup.ListBackupVaultsInput{})
	if err != nil || len(listed.BackupVaultList) != 1 {
		t.Errorf("there are vaults %+v, %v, want the one", listed, err)
	}
}
