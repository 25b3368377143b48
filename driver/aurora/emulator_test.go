package aurora_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	holdfast "holdfast/driver/aurora"
	"holdfast/driver/internal/mototest"
	"holdfast/driver/internal/rdscluster"
	"holdfast/failure"
	"holdfast/resource"
)

func createCluster(t *testing.T, lab *mototest.Lab, scope resource.Scope, id, engine string) {
	t.Helper()
	client := rds.NewFromConfig(lab.Config(t, scope))
	if _, err := client.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String(id), Engine: aws.String(engine), BackupRetentionPeriod: aws.Int32(3),
		MasterUsername: aws.String("admin1"), MasterUserPassword: aws.String("not-a-secret-1"),
		Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
	}); err != nil {
		t.Fatalf("create DB cluster: %v", err)
	}
	for _, n := range []string{"-a", "-b"} {
		if _, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: aws.String(id + n), DBInstanceClass: aws.String("db.r5.large"),
			Engine: aws.String(engine), DBClusterIdentifier: aws.String(id),
		}); err != nil {
			t.Fatalf("create DB instance: %v", err)
		}
	}
}

func TestLifeOfASnapshotOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	createCluster(t, lab, mototest.Home, "orders", "aurora-postgresql")
	createCluster(t, lab, mototest.Other, "foreign", "aurora-mysql")
	createCluster(t, lab, mototest.Home, "graph", "neptune")

	found := mototest.Discover(t, d, mototest.Home)
	if len(found) != 1 || found[0].Name != "orders" || found[0].Tags["env"] != "prod" ||
		found[0].ARN != "arn:aws:rds:us-east-1:111111111111:cluster:orders" {
		t.Fatalf("discovered %+v, want only orders", found)
	}
	point := mototest.Backup(t, d, found[0], "backup")
	copied := mototest.Copy(t, d, found[0], point, "", "copy")
	restored := mototest.Restore(t, d, found[0], point, map[string]string{"instance_class": "db.r5.xlarge"}, "restore")
	var got rdscluster.Settings
	if err := json.Unmarshal(restored.Settings, &got); err != nil {
		t.Fatalf("settings of the restored cluster: %v", err)
	}
	if len(got.Instances) != 2 || got.Instances[0].Class != "db.r5.xlarge" || restored.Tags["env"] != "prod" {
		t.Errorf("restored %+v with tags %v, want two instances of the class given, and the source's tags", got, restored.Tags)
	}
	mototest.Expire(t, d, mototest.Home, point)
	mototest.Expire(t, d, mototest.Away, copied)
	lab.CheckActions(t, d.Descriptor())
}

// TestSharingOnMoto: moto looks for the source of a copy in the caller's account only, so
// a copy into another account ends where the other account should see the source.
func TestSharingOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	createCluster(t, lab, mototest.Home, "orders", "aurora-postgresql")
	source := mototest.Discover(t, d, mototest.Home)[0]
	point := mototest.Backup(t, d, source, "backup")
	req := driver.CopyRequest{
		Scope: mototest.Other, Mark: mototest.Mark("copy", source), Source: point, SourceScope: mototest.Home, Resource: source,
	}
	if ref, err := d.Copy(t.Context(), req); !failure.Is(err, failure.Busy) {
		t.Errorf("copy = %q, %v, want class busy: shared and not visible", ref, err)
	}
	shared := func() []string {
		out, err := rds.NewFromConfig(lab.Config(t, mototest.Home)).DescribeDBClusterSnapshotAttributes(t.Context(),
			&rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: aws.String(string(point.Ref))})
		if err != nil {
			t.Fatalf("who may copy the snapshot: %v", err)
		}
		var accounts []string
		for _, a := range out.DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes {
			accounts = append(accounts, a.AttributeValues...)
		}
		return accounts
	}
	if got := shared(); !slices.Equal(got, []string{mototest.Other.Account}) {
		t.Errorf("the snapshot is shared with %v, want the other account", got)
	}
	for range 2 {
		if err := d.FinishCopy(t.Context(), req); err != nil {
			t.Fatalf("finish: %v", err)
		}
	}
	if got := shared(); len(got) != 0 {
		t.Errorf("after the copy the snapshot is shared with %v", got)
	}
	lab.CheckActions(t, d.Descriptor())
}
