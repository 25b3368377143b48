package docdb_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"holdfast/driver"
	holdfast "holdfast/driver/docdb"
	"holdfast/driver/internal/mototest"
	"holdfast/failure"
	"holdfast/resource"
)

// TestOtherEnginesOnMoto is what moto can do: it makes no DocumentDB clusters, and shows
// those of other engines instead.
func TestOtherEnginesOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	client := rds.NewFromConfig(lab.Config(t, mototest.Home))
	if _, err := client.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("orders"), Engine: aws.String("aurora-mysql"),
		MasterUsername: aws.String("admin1"), MasterUserPassword: aws.String("not-a-secret-1"),
	}); err != nil {
		t.Fatalf("create DB cluster: %v", err)
	}
	if found := mototest.Discover(t, d, mototest.Home); len(found) != 0 {
		t.Errorf("discovered %+v, want nothing: the cluster is Aurora's", found)
	}
	if listed := mototest.Artefacts(t, d, mototest.Home); len(listed) != 0 {
		t.Errorf("listed %+v, want nothing", listed)
	}
	mark := mototest.Mark("nothing", resource.Resource{ARN: "arn:aws:rds:us-east-1:111111111111:cluster:none"})
	for _, op := range []driver.Operation{driver.Backup, driver.Restore} {
		if ref, err := d.Find(t.Context(), driver.FindRequest{Scope: mototest.Home, Operation: op, Mark: mark}); !failure.Is(err, failure.NotFound) {
			t.Errorf("find %s = %q, %v, want class not_found", op, ref, err)
		}
	}
	if status := mototest.Look(t, d, mototest.Home, driver.Expire, "hf-none"); status.State != driver.Gone {
		t.Errorf("a deleted snapshot is %+v, want gone", status)
	}
	gone := driver.DeleteRequest{Scope: mototest.Home, Installation: "mototest", Ref: "hf-none"}
	if err := d.Delete(t.Context(), gone); err != nil {
		t.Errorf("delete of what is gone: %v", err)
	}
	lab.CheckActions(t, d.Descriptor())
}
