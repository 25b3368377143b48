package fsxwindows_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/fsxwindows"
	"holdfast/driver/internal/mototest"
	"holdfast/failure"
)

// TestBackupOnMoto does what moto can: its backups stay in CREATING for ever and have no
// file system and no type, so that no filter finds them; it neither copies nor restores
// them; and of Lustre it does not know the links to data repositories.
func TestBackupOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := fsxwindows.New(lab.Sessions)
	made, err := fsx.NewFromConfig(lab.Config(t, mototest.Home)).CreateFileSystem(t.Context(), &fsx.CreateFileSystemInput{
		FileSystemType: types.FileSystemTypeWindows, StorageCapacity: aws.Int32(300), SubnetIds: []string{"subnet-12345678"},
		WindowsConfiguration: &types.CreateFileSystemWindowsConfiguration{ThroughputCapacity: aws.Int32(64), ActiveDirectoryId: aws.String("d-0123456789")},
		Tags:                 []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
	})
	if err != nil {
		t.Fatalf("create file system: %v", err)
	}
	found := mototest.Discover(t, d, mototest.Home)
	if len(found) != 1 || found[0].Name != *made.FileSystem.FileSystemId || found[0].Tags["env"] != "prod" {
		t.Fatalf("discovered %+v, want only %s", found, *made.FileSystem.FileSystemId)
	}
	mark := mototest.Mark("backup", found[0])
	ref, err := d.Start(t.Context(), driver.StartRequest{Scope: mototest.Home, Mark: mark, Resource: found[0]})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	if status := mototest.Look(t, d, mototest.Home, driver.Backup, ref); status.State != driver.Pending {
		t.Errorf("the backup is %+v, want pending", status)
	}
	req := driver.DeleteRequest{Scope: mototest.Home, Installation: "stranger", Ref: ref}
	if err := d.Delete(t.Context(), req); !failure.Is(err, failure.Held) {
		t.Errorf("delete for another installation = %v, want class held", err)
	}
	req.Installation = mark.Installation
	for range 2 {
		if err := d.Delete(t.Context(), req); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if status := mototest.Look(t, d, mototest.Home, driver.Expire, ref); status.State != driver.Gone {
		t.Errorf("the deleted backup is %+v, want gone", status)
	}
	lab.CheckActions(t, d.Descriptor())
}
