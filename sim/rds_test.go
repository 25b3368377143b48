package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/resource"
	"holdfast/sim"
)

func (w world) rds(t *testing.T, region string) *rds.Client {
	t.Helper()
	return rds.NewFromConfig(config(t, w.Provider(), account, region))
}

func dbStatus(t *testing.T, c *rds.Client, id string) string {
	t.Helper()
	out, err := c.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
	if err != nil {
		t.Fatalf("describe %s: %v", id, err)
	}
	return *out.DBInstances[0].DBInstanceStatus
}

func dbSnapshotStatus(t *testing.T, c *rds.Client, id string) string {
	t.Helper()
	out, err := c.DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{
		SnapshotType: aws.String("manual"), Filters: []types.Filter{{Name: aws.String("db-snapshot-id"), Values: []string{id}}},
	})
	if err != nil {
		t.Fatalf("describe %s: %v", id, err)
	}
	if len(out.DBSnapshots) != 1 {
		return ""
	}
	return *out.DBSnapshots[0].Status
}

func TestDBSnapshotLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.rds(t, home)
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders"})
	snapshot := func(name string) error {
		_, err := c.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{
			DBInstanceIdentifier: aws.String("Orders"), DBSnapshotIdentifier: &name,
			Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
		})
		return err
	}
	if err := snapshot("hf-1"); err != nil {
		t.Fatal(err)
	}
	if err := snapshot("HF-1"); !is[*types.DBSnapshotAlreadyExistsFault](err) {
		t.Errorf("the same name again: %v", err)
	}
	if err := snapshot("hf-2"); !is[*types.InvalidDBInstanceStateFault](err) || dbStatus(t, c, "orders") != "backing-up" {
		t.Errorf("while backing up: %v", err)
	}
	if _, err := c.DeleteDBSnapshot(t.Context(), &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("hf-1")}); !is[*types.InvalidDBSnapshotStateFault](err) {
		t.Errorf("delete while creating: %v", err)
	}
	if got := dbSnapshotStatus(t, c, "hf-1"); got != "creating" {
		t.Errorf("new snapshot is %s", got)
	}
	w.clock.Advance(20 * time.Minute)
	if got := dbSnapshotStatus(t, c, "hf-1"); got != "available" || dbStatus(t, c, "orders") != "available" {
		t.Errorf("after 20 min the snapshot is %s", got)
	}
	if _, err := c.DeleteDBSnapshot(t.Context(), &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("hf-1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String("hf-1")}); !is[*types.DBSnapshotNotFoundFault](err) {
		t.Errorf("describe after deletion: %v", err)
	}
}

func TestDBSnapshotNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.rds(t, home)
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders"})
	for _, name := range []string{"1a", "a--b", "a-", "a.b", "rds:a"} {
		_, err := c.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("orders"), DBSnapshotIdentifier: &name})
		if got := code(t, err); got != "InvalidParameterValue" {
			t.Errorf("snapshot named %q: %q", name, got)
		}
	}
}

func TestDBSnapshotQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true, Quotas: map[string]int{"rds:manual-snapshots": 3}})
	c := w.rds(t, home)
	var last error
	for i := range 4 {
		name := fmt.Sprint("db-", i)
		w.create(t, sim.Blueprint{Kind: resource.RDS, Name: name})
		_, last = c.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: &name, DBSnapshotIdentifier: aws.String("s-" + name)})
		if i < 3 && last != nil {
			t.Fatal(last)
		}
	}
	if !is[*types.SnapshotQuotaExceededFault](last) {
		t.Errorf("the fourth of three: %v", last)
	}
}

func TestDBInstancePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	for i := range 25 {
		w.create(t, sim.Blueprint{Kind: resource.RDS, Name: fmt.Sprintf("db-%02d", i), Odd: i%5 == 0, Tags: map[string]string{"n": fmt.Sprint(i)}})
	}
	pages := rds.NewDescribeDBInstancesPaginator(w.rds(t, home), &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(20)})
	var plain, members, n int
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.DBInstances {
			if i.DBClusterIdentifier == nil {
				plain++
			} else {
				members++
			}
			if len(i.TagList) != 1 {
				t.Errorf("%s has tags %v", *i.DBInstanceIdentifier, i.TagList)
			}
		}
	}
	if n != 2 || plain != 20 || members != 5 {
		t.Errorf("%d pages, %d instances, %d members of clusters; want 2, 20, 5", n, plain, members)
	}
	if _, err := w.rds(t, home).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(19)}); code(t, err) != "InvalidParameterValue" {
		t.Errorf("MaxRecords 19: %v", err)
	}
}

func TestDBSnapshotCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	here, there := w.rds(t, home), w.rds(t, abroad)
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders", Encrypted: true})
	made, err := here.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("orders"), DBSnapshotIdentifier: aws.String("src")})
	if err != nil {
		t.Fatal(err)
	}
	copyTo := func(name, key string) error {
		in := &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: made.DBSnapshot.DBSnapshotArn, TargetDBSnapshotIdentifier: &name, SourceRegion: aws.String(home)}
		if key != "" {
			in.KmsKeyId = &key
		}
		_, err := there.CopyDBSnapshot(t.Context(), in)
		return err
	}
	if err := copyTo("a", "alias/dr"); !is[*types.InvalidDBSnapshotStateFault](err) {
		t.Errorf("copy of a snapshot in the making: %v", err)
	}
	w.clock.Advance(time.Hour)
	if err := copyTo("a", ""); code(t, err) != "InvalidParameterCombination" {
		t.Errorf("encrypted copy without a key: %v", err)
	}
	if err := copyTo("a", "arn:aws:kms:eu-central-1:111111111111:key/x"); !is[*types.KMSKeyNotAccessibleFault](err) {
		t.Errorf("encrypted copy with a key of the wrong region: %v", err)
	}
	if err := copyTo("a", "alias/dr"); err != nil {
		t.Fatal(err)
	}
	if err := copyTo("b", "alias/dr"); err != nil {
		t.Fatal(err)
	}
	// The second waits for the first: a copy takes at most 7.5 minutes for this size.
	w.clock.Advance(7*time.Minute + 30*time.Second)
	if a, b := dbSnapshotStatus(t, there, "a"), dbSnapshotStatus(t, there, "b"); a != "available" || b != "copying" {
		t.Errorf("the first copy is %s and the second %s", a, b)
	}
	w.clock.Advance(time.Hour)
	if b := dbSnapshotStatus(t, there, "b"); b != "available" {
		t.Errorf("an hour later the second copy is %s", b)
	}
}

func TestDBRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.rds(t, home)
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders", Tags: map[string]string{"env": "prod"}})
	if _, err := c.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("orders"), DBSnapshotIdentifier: aws.String("src")}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	restore := func(name string) error {
		_, err := c.RestoreDBInstanceFromDBSnapshot(t.Context(), &rds.RestoreDBInstanceFromDBSnapshotInput{
			DBInstanceIdentifier: &name, DBSnapshotIdentifier: aws.String("src"), DBSubnetGroupName: aws.String("private"),
		})
		return err
	}
	if err := restore("orders"); !is[*types.DBInstanceAlreadyExistsFault](err) {
		t.Errorf("restore over the source: %v", err)
	}
	if err := restore("orders-2"); err != nil {
		t.Fatal(err)
	}
	if got := dbStatus(t, c, "orders-2"); got != "creating" {
		t.Errorf("new instance is %s", got)
	}
	modify := &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("orders-2"), MonitoringInterval: aws.Int32(60)}
	if _, err := c.ModifyDBInstance(t.Context(), modify); !is[*types.InvalidDBInstanceStateFault](err) {
		t.Errorf("modify while creating: %v", err)
	}
	w.clock.Advance(20 * time.Minute)
	if _, err := c.ModifyDBInstance(t.Context(), modify); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
	out, err := c.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("orders-2")})
	if err != nil {
		t.Fatal(err)
	}
	i := out.DBInstances[0]
	if *i.DBInstanceStatus != "available" || *i.MonitoringInterval != 60 || *i.DBSubnetGroup.DBSubnetGroupName != "private" || len(i.TagList) != 1 {
		t.Errorf("restored: %s, monitoring %d, subnets %s, tags %v", *i.DBInstanceStatus, *i.MonitoringInterval, *i.DBSubnetGroup.DBSubnetGroupName, i.TagList)
	}
}
