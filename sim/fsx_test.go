package sim_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/resource"
	"holdfast/sim"
)

func (w world) fsx(t *testing.T, region string) *fsx.Client {
	t.Helper()
	return fsx.NewFromConfig(config(t, w.Provider(), account, region))
}

// system makes a file system of a kind and returns its id.
func (w world) system(t *testing.T, b sim.Blueprint) string {
	t.Helper()
	arn := w.create(t, b)
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

func backUpSystem(t *testing.T, c *fsx.Client, system, token string) string {
	t.Helper()
	out, err := c.CreateBackup(t.Context(), &fsx.CreateBackupInput{FileSystemId: &system, ClientRequestToken: &token})
	if err != nil {
		t.Fatalf("back up %s: %v", system, err)
	}
	return *out.Backup.BackupId
}

func lifecycle(t *testing.T, c *fsx.Client, backup string) types.BackupLifecycle {
	t.Helper()
	out, err := c.DescribeBackups(t.Context(), &fsx.DescribeBackupsInput{BackupIds: []string{backup}})
	if err != nil || len(out.Backups) != 1 {
		t.Fatalf("describe %s: %v", backup, err)
	}
	return out.Backups[0].Lifecycle
}

func TestFileSystemBackupLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.fsx(t, home)
	for kind, want := range map[resource.Kind][]types.BackupLifecycle{
		resource.FSxLustre:  {types.BackupLifecyclePending, types.BackupLifecycleCreating, types.BackupLifecycleTransferring, types.BackupLifecycleAvailable},
		resource.FSxWindows: {types.BackupLifecycleCreating, types.BackupLifecycleAvailable},
	} {
		system := w.system(t, sim.Blueprint{Kind: kind})
		backup := backUpSystem(t, c, system, "t-"+string(kind))
		var seen []types.BackupLifecycle
		for range 40 {
			if now := lifecycle(t, c, backup); len(seen) == 0 || seen[len(seen)-1] != now {
				seen = append(seen, now)
			}
			w.clock.Advance(time.Minute)
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// A token stands for what its first call made; with other parameters it is refused.
func TestFSxTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.fsx(t, home)
	first, second := w.system(t, sim.Blueprint{Kind: resource.FSxWindows}), w.system(t, sim.Blueprint{Kind: resource.FSxWindows})
	backup := backUpSystem(t, c, first, "one")
	if again := backUpSystem(t, c, first, "one"); again != backup {
		t.Errorf("the same token gave %s and %s", backup, again)
	}
	_, err := c.CreateBackup(t.Context(), &fsx.CreateBackupInput{FileSystemId: &second, ClientRequestToken: aws.String("one")})
	if !is[*types.IncompatibleParameterError](err) {
		t.Errorf("the token for another file system: %v", err)
	}
	if _, err := c.CreateBackup(t.Context(), &fsx.CreateBackupInput{FileSystemId: &first}); !is[*types.BackupInProgress](err) {
		t.Errorf("a second backup at once: %v", err)
	}
}

func TestLustreWithoutBackups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.fsx(t, home)
	scratch, linked := w.system(t, sim.Blueprint{Kind: resource.FSxLustre, Odd: true}), w.system(t, sim.Blueprint{Kind: resource.FSxLustre})
	if _, err := c.CreateDataRepositoryAssociation(t.Context(), &fsx.CreateDataRepositoryAssociationInput{
		FileSystemId: &linked, DataRepositoryPath: aws.String("s3://bucket"), FileSystemPath: aws.String("/"),
	}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{scratch, linked} {
		if _, err := c.CreateBackup(t.Context(), &fsx.CreateBackupInput{FileSystemId: &id}); !is[*types.UnsupportedOperation](err) {
			t.Errorf("backup of %s: %v", id, err)
		}
	}
}

func TestDescribeBackupsByID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true})
	c := w.fsx(t, home)
	backup := backUpSystem(t, c, w.system(t, sim.Blueprint{Kind: resource.FSxLustre}), "one")
	_, err := c.DescribeBackups(t.Context(), &fsx.DescribeBackupsInput{BackupIds: []string{backup, "backup-0123456789abcdef0"}})
	if !is[*types.BackupNotFound](err) {
		t.Errorf("one unknown id: %v", err)
	}
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprint("backup-", i)
	}
	if _, err := c.DescribeBackups(t.Context(), &fsx.DescribeBackupsInput{BackupIds: many}); !is[*types.BadRequest](err) {
		t.Errorf("51 ids: %v", err)
	}
	none, err := c.DescribeBackups(t.Context(), &fsx.DescribeBackupsInput{Filters: []types.Filter{
		{Name: types.FilterNameFileSystemType, Values: []string{string(types.FileSystemTypeWindows)}},
	}})
	if err != nil || len(none.Backups) != 0 {
		t.Errorf("Windows backups: %v, %v", none, err)
	}
}

func TestCopyBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true})
	from, to := w.fsx(t, home), w.fsx(t, abroad)
	var last string
	for n := range 6 {
		source := backUpSystem(t, from, w.system(t, sim.Blueprint{Kind: resource.FSxWindows}), fmt.Sprint(n))
		in := &fsx.CopyBackupInput{SourceBackupId: &source, SourceRegion: aws.String(home), ClientRequestToken: aws.String(fmt.Sprint(n))}
		if _, err := to.CopyBackup(t.Context(), in); !is[*types.SourceBackupUnavailable](err) {
			t.Errorf("copy of a backup being made: %v", err)
		}
		last = source
	}
	w.clock.Advance(25 * time.Minute)
	sources, err := from.DescribeBackups(t.Context(), &fsx.DescribeBackupsInput{})
	if err != nil || len(sources.Backups) != 6 {
		t.Fatal(sources, err)
	}
	for n, b := range sources.Backups {
		_, err := to.CopyBackup(t.Context(), &fsx.CopyBackupInput{SourceBackupId: b.BackupId, SourceRegion: aws.String(home)})
		var full *types.ServiceLimitExceeded
		switch {
		case n < 5 && err != nil:
			t.Fatal(err)
		case n == 5 && (!errors.As(err, &full) || full.Limit != types.ServiceLimitTotalInProgressCopyBackups):
			t.Errorf("a sixth copy at once: %v", err)
		}
	}
	remove := &fsx.DeleteBackupInput{BackupId: sources.Backups[0].BackupId}
	if _, err := from.DeleteBackup(t.Context(), remove); !is[*types.BackupBeingCopied](err) {
		t.Errorf("delete a source: %v", err)
	}
	if _, err := to.CopyBackup(t.Context(), &fsx.CopyBackupInput{SourceBackupId: &last, SourceRegion: aws.String("mars-1")}); !is[*types.InvalidRegion](err) {
		t.Errorf("copy from nowhere: %v", err)
	}
	w.clock.Advance(25 * time.Minute)
	key := aws.String("arn:aws:kms:" + home + ":" + account + ":key/1")
	in := &fsx.CopyBackupInput{SourceBackupId: &last, SourceRegion: aws.String(home), KmsKeyId: key}
	if _, err := to.CopyBackup(t.Context(), in); !is[*types.InvalidDestinationKmsKey](err) {
		t.Errorf("a key of the source's region: %v", err)
	}
	if _, err := from.DeleteBackup(t.Context(), remove); err != nil {
		t.Errorf("delete a source when it was copied: %v", err)
	}
	if _, err := from.DeleteBackup(t.Context(), remove); !is[*types.BackupNotFound](err) {
		t.Errorf("delete it again: %v", err)
	}
}

func TestBackupQuotaOfAType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Quotas: map[string]int{"fsx:backups": 1}})
	c := w.fsx(t, home)
	backUpSystem(t, c, w.system(t, sim.Blueprint{Kind: resource.FSxWindows}), "1")
	backUpSystem(t, c, w.system(t, sim.Blueprint{Kind: resource.FSxLustre}), "2")
	full := w.system(t, sim.Blueprint{Kind: resource.FSxLustre})
	if _, err := c.CreateBackup(t.Context(), &fsx.CreateBackupInput{FileSystemId: &full}); !is[*types.ServiceLimitExceeded](err) {
		t.Errorf("a backup too many: %v", err)
	}
}

func TestRestoreFileSystem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true})
	c := w.fsx(t, home)
	backup := backUpSystem(t, c, w.system(t, sim.Blueprint{Kind: resource.FSxLustre}), "one")
	good := fsx.CreateFileSystemFromBackupInput{
		BackupId: &backup, SubnetIds: []string{"subnet-0b"}, SecurityGroupIds: []string{"sg-0c"}, ClientRequestToken: aws.String("one"),
		LustreConfiguration: &types.CreateFileSystemLustreConfiguration{
			DeploymentType: types.LustreDeploymentTypePersistent2, PerUnitStorageThroughput: aws.Int32(250),
		},
	}
	if _, err := c.CreateFileSystemFromBackup(t.Context(), &good); !is[*types.BadRequest](err) {
		t.Errorf("restore of a backup being made: %v", err)
	}
	w.clock.Advance(25 * time.Minute)
	refused := func(what string, change func(*fsx.CreateFileSystemFromBackupInput)) {
		bad, lustre := good, *good.LustreConfiguration
		bad.LustreConfiguration, bad.ClientRequestToken = &lustre, nil
		change(&bad)
		if _, err := c.CreateFileSystemFromBackup(t.Context(), &bad); err == nil {
			t.Errorf("restored with %s", what)
		}
	}
	refused("two subnets", func(in *fsx.CreateFileSystemFromBackupInput) { in.SubnetIds = []string{"subnet-0a", "subnet-0b"} })
	refused("another capacity", func(in *fsx.CreateFileSystemFromBackupInput) { in.StorageCapacity = aws.Int32(2400) })
	refused("another throughput", func(in *fsx.CreateFileSystemFromBackupInput) {
		in.LustreConfiguration.PerUnitStorageThroughput = aws.Int32(500)
	})
	refused("another deployment", func(in *fsx.CreateFileSystemFromBackupInput) {
		in.LustreConfiguration.DeploymentType = types.LustreDeploymentTypePersistent1
	})
	refused("no configuration", func(in *fsx.CreateFileSystemFromBackupInput) { in.LustreConfiguration = nil })
	made, err := c.CreateFileSystemFromBackup(t.Context(), &good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteBackup(t.Context(), &fsx.DeleteBackupInput{BackupId: &backup}); !is[*types.BackupRestoring](err) {
		t.Errorf("delete a backup being restored: %v", err)
	}
	again, err := c.CreateFileSystemFromBackup(t.Context(), &good)
	if err != nil || *again.FileSystem.FileSystemId != *made.FileSystem.FileSystemId {
		t.Errorf("the same token: %v, %v", again, err)
	}
	interfaces, err := ec2.NewFromConfig(config(t, w.Provider(), account, home)).DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{
		NetworkInterfaceIds: made.FileSystem.NetworkInterfaceIds,
	})
	if err != nil || len(interfaces.NetworkInterfaces) != 2 || *interfaces.NetworkInterfaces[0].Groups[0].GroupId != "sg-0c" {
		t.Errorf("interfaces: %+v, %v", interfaces, err)
	}
}

// A backup has no password, so a restore into the customer's own directory needs one.
func TestRestoreIntoOwnDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true})
	c := w.fsx(t, home)
	own := types.SelfManagedActiveDirectoryConfiguration{
		DomainName: aws.String("corp.example.com"), DnsIps: []string{"10.0.0.2"}, UserName: aws.String("fsx"), Password: aws.String("not-a-secret-1"),
	}
	windows := &types.CreateFileSystemWindowsConfiguration{ThroughputCapacity: aws.Int32(32), SelfManagedActiveDirectoryConfiguration: &own}
	made, err := c.CreateFileSystem(t.Context(), &fsx.CreateFileSystemInput{
		FileSystemType: types.FileSystemTypeWindows, SubnetIds: []string{"subnet-0a"}, StorageCapacity: aws.Int32(300), WindowsConfiguration: windows,
	})
	if err != nil {
		t.Fatal(err)
	}
	backup := backUpSystem(t, c, *made.FileSystem.FileSystemId, "one")
	w.clock.Advance(25 * time.Minute)
	restore := func(d *types.SelfManagedActiveDirectoryConfiguration, managed *string) error {
		_, err := c.CreateFileSystemFromBackup(t.Context(), &fsx.CreateFileSystemFromBackupInput{
			BackupId: &backup, SubnetIds: []string{"subnet-0a"},
			WindowsConfiguration: &types.CreateFileSystemWindowsConfiguration{
				ThroughputCapacity: aws.Int32(32), SelfManagedActiveDirectoryConfiguration: d, ActiveDirectoryId: managed,
			},
		})
		return err
	}
	without, withSecret := own, own
	without.Password, withSecret.Password, withSecret.UserName = nil, nil, nil
	withSecret.DomainJoinServiceAccountSecret = aws.String("arn:aws:secretsmanager:eu-central-1:111111111111:secret:join")
	if err := restore(&without, nil); !is[*types.ActiveDirectoryError](err) {
		t.Errorf("without a password: %v", err)
	}
	if err := restore(nil, aws.String("d-0123456789")); !is[*types.BadRequest](err) {
		t.Errorf("into a directory of another kind: %v", err)
	}
	if err := errors.Join(restore(&own, nil), restore(&withSecret, nil)); err != nil {
		t.Error(err)
	}
}

func TestFSxTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true})
	c := w.fsx(t, home)
	system := w.system(t, sim.Blueprint{Kind: resource.FSxWindows, Tags: map[string]string{"team": "orders"}})
	tagsOf := func(id string) int {
		out, err := c.ListTagsForResource(t.Context(), &fsx.ListTagsForResourceInput{
			ResourceARN: aws.String("arn:aws:fsx:" + home + ":" + account + ":backup/" + id),
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Tags)
	}
	if n := tagsOf(backUpSystem(t, c, system, "one")); n != 1 {
		t.Errorf("%d tags come along with a backup without tags of its own, want the file system's", n)
	}
	w.clock.Advance(25 * time.Minute)
	in := &fsx.CreateBackupInput{FileSystemId: &system}
	for n := range 51 {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(fmt.Sprint(n)), Value: aws.String("")})
	}
	if _, err := c.CreateBackup(t.Context(), in); !is[*types.BadRequest](err) {
		t.Errorf("51 tags: %v", err)
	}
	in.Tags = in.Tags[:2]
	out, err := c.CreateBackup(t.Context(), in)
	if err != nil || tagsOf(*out.Backup.BackupId) != 2 {
		t.Errorf("a backup with tags of its own: %v, %v", out, err)
	}
}
