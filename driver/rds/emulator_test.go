package rds_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/driver/internal/mototest"
	holdfast "holdfast/driver/rds"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
)

func createInstance(t *testing.T, lab *mototest.Lab, scope resource.Scope, id string) {
	t.Helper()
	_, err := rds.NewFromConfig(lab.Config(t, scope)).CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(id), DBInstanceClass: aws.String("db.m5.large"), Engine: aws.String("postgres"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("admin1"), MasterUserPassword: aws.String("not-a-secret-1"),
		CopyTagsToSnapshot: aws.Bool(true), BackupRetentionPeriod: aws.Int32(3),
		Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
	})
	if err != nil {
		t.Fatalf("create DB instance: %v", err)
	}
}

// createCluster makes an Aurora cluster with one member, which is not of this kind.
func createCluster(t *testing.T, lab *mototest.Lab, scope resource.Scope) {
	t.Helper()
	client := rds.NewFromConfig(lab.Config(t, scope))
	if _, err := client.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("cluster"), Engine: aws.String("aurora-postgresql"),
		MasterUsername: aws.String("admin1"), MasterUserPassword: aws.String("not-a-secret-1"),
	}); err != nil {
		t.Fatalf("create DB cluster: %v", err)
	}
	if _, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("member"), DBInstanceClass: aws.String("db.r5.large"),
		Engine: aws.String("aurora-postgresql"), DBClusterIdentifier: aws.String("cluster"),
	}); err != nil {
		t.Fatalf("create cluster member: %v", err)
	}
}

func TestLifeOfASnapshotOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	createInstance(t, lab, mototest.Home, "orders")
	createCluster(t, lab, mototest.Home)
	createInstance(t, lab, mototest.Other, "foreign")

	found := mototest.Discover(t, d, mototest.Home)
	if len(found) != 1 || found[0].Name != "orders" || found[0].Tags["env"] != "prod" ||
		found[0].ARN != "arn:aws:rds:us-east-1:111111111111:db:orders" {
		t.Fatalf("discovered %+v, want only orders", found)
	}
	if others := mototest.Discover(t, d, mototest.Other); len(others) != 1 || others[0].Name != "foreign" {
		t.Errorf("discovered %+v in the other account, want only foreign", others)
	}
	point := mototest.Backup(t, d, found[0], "backup")
	copied := mototest.Copy(t, d, found[0], point, "", "copy")
	restored := mototest.Restore(t, d, found[0], point, map[string]string{
		"instance_class": "db.t3.small", "monitoring_seconds": "0", "max_allocated_gib": "100",
	}, "restore")
	var got holdfast.Settings
	if err := json.Unmarshal(restored.Settings, &got); err != nil {
		t.Fatalf("settings of the restored instance: %v", err)
	}
	if got.InstanceClass != "db.t3.small" || restored.Tags["env"] != "prod" {
		t.Errorf("restored %+v with tags %v, want the class given and the source's tags", got, restored.Tags)
	}
	if moment := mototest.RestoreMoment(t, d, found[0], clock.System().Now(), "moment"); moment.Tags["env"] != "prod" {
		t.Errorf("the restored moment has the tags %v, want the source's too", moment.Tags)
	}
	mototest.Expire(t, d, mototest.Home, point)
	mototest.Expire(t, d, mototest.Away, copied)
	lab.CheckActions(t, d.Descriptor())
}

// TestOneMarkOneArtefactOnMoto repeats every call that makes something.
func TestOneMarkOneArtefactOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	createInstance(t, lab, mototest.Home, "orders")
	createInstance(t, lab, mototest.Home, "stock")
	found := mototest.Discover(t, d, mototest.Home)
	point := mototest.Backup(t, d, found[0], "twice")
	start := driver.StartRequest{Scope: mototest.Home, Mark: mototest.Mark("twice", found[0]), Resource: found[0]}
	if ref, err := d.Start(t.Context(), start); err != nil || ref != point.Ref {
		t.Errorf("start again = %q, %v, want %q", ref, err, point.Ref)
	}
	start.Resource = found[1]
	if ref, err := d.Start(t.Context(), start); !failure.Is(err, failure.Conflict) {
		t.Errorf("start of another source under the same mark = %q, %v, want class conflict", ref, err)
	}
	restore := driver.RestoreRequest{
		Scope: mototest.Home, Mark: mototest.Mark("restore", found[0]), Point: point, Resource: found[0],
	}
	first, err := d.Restore(t.Context(), restore)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if again, err := d.Restore(t.Context(), restore); err != nil || again != first {
		t.Errorf("restore again = %q, %v, want %q", again, err, first)
	}
	restore.Overrides = map[string]string{"instance_identifier": "stock"}
	if ref, err := d.Restore(t.Context(), restore); !failure.Is(err, failure.Conflict) {
		t.Errorf("restore over another instance = %q, %v, want class conflict", ref, err)
	}
}

func TestSharingOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	createInstance(t, lab, mototest.Home, "orders")
	source := mototest.Discover(t, d, mototest.Home)[0]
	point := mototest.Backup(t, d, source, "backup")
	mototest.Lend(t, d, source, point, func() (accounts []string) {
		if got := sharedSnapshots(t, lab, mototest.Other); len(got) == 1 && got[0] == point.ARN {
			accounts = append(accounts, mototest.Other.Account)
		}
		return accounts
	})
	lab.CheckActions(t, d.Descriptor())
}

// sharedSnapshots returns the ARNs of the snapshots that others share with an account.
func sharedSnapshots(t *testing.T, lab *mototest.Lab, scope resource.Scope) (arns []string) {
	t.Helper()
	out, err := rds.NewFromConfig(lab.Config(t, scope)).DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{
		SnapshotType: aws.String("shared"), IncludeShared: aws.Bool(true),
	})
	if err != nil {
		t.Fatalf("shared snapshots: %v", err)
	}
	for _, s := range out.DBSnapshots {
		arns = append(arns, aws.ToString(s.DBSnapshotArn))
	}
	return arns
}
