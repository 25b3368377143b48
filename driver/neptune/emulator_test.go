package neptune_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/neptune"
	"github.com/aws/aws-sdk-go-v2/service/neptune/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver/internal/mototest"
	"holdfast/driver/internal/rdscluster"
	holdfast "holdfast/driver/neptune"
)

// TestLifeOfASnapshotOnMoto gives the cluster a master password, which Neptune's have not:
// moto fails to restore a cluster without one.
func TestLifeOfASnapshotOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	client := neptune.NewFromConfig(lab.Config(t, mototest.Home))
	if _, err := client.CreateDBCluster(t.Context(), &neptune.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("graph"), Engine: aws.String("neptune"),
		Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
	}); err != nil {
		t.Fatalf("create DB cluster: %v", err)
	}
	if _, err := client.ModifyDBCluster(t.Context(), &neptune.ModifyDBClusterInput{
		DBClusterIdentifier: aws.String("graph"), MasterUserPassword: aws.String("not-a-secret-1"),
	}); err != nil {
		t.Fatalf("modify DB cluster: %v", err)
	}
	if _, err := client.CreateDBInstance(t.Context(), &neptune.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("graph-1"), DBInstanceClass: aws.String("db.r5.large"),
		Engine: aws.String("neptune"), DBClusterIdentifier: aws.String("graph"),
	}); err != nil {
		t.Fatalf("create DB instance: %v", err)
	}
	if _, err := rds.NewFromConfig(lab.Config(t, mototest.Home)).CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("orders"), Engine: aws.String("aurora-mysql"),
		MasterUsername: aws.String("admin1"), MasterUserPassword: aws.String("not-a-secret-1"),
	}); err != nil {
		t.Fatalf("create DB cluster: %v", err)
	}
	found := mototest.Discover(t, d, mototest.Home)
	if len(found) != 1 || found[0].Name != "graph" || found[0].Tags["env"] != "prod" {
		t.Fatalf("discovered %+v, want only graph", found)
	}
	point := mototest.Backup(t, d, found[0], "backup")
	copied := mototest.Copy(t, d, found[0], point, "", "copy")
	restored := mototest.Restore(t, d, found[0], point, nil, "restore")
	var got rdscluster.Settings
	if err := json.Unmarshal(restored.Settings, &got); err != nil {
		t.Fatalf("settings of the restored cluster: %v", err)
	}
	if len(got.Instances) != 1 || got.Instances[0].Class != "db.r5.large" || restored.Tags["env"] != "prod" {
		t.Errorf("restored %+v with tags %v, want one instance and the source's tags", got, restored.Tags)
	}
	mototest.Expire(t, d, mototest.Home, point)
	mototest.Expire(t, d, mototest.Away, copied)
	lab.CheckActions(t, d.Descriptor())
}
