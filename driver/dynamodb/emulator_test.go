package dynamodb_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	holdfast "holdfast/driver/dynamodb"
	"holdfast/driver/internal/mototest"
	"holdfast/failure"
	"holdfast/resource"
)

func createTable(t *testing.T, lab *mototest.Lab, scope resource.Scope, name string) {
	t.Helper()
	client := dynamodb.NewFromConfig(lab.Config(t, scope))
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage,
		},
		DeletionProtectionEnabled: aws.Bool(true),
		Tags:                      []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
	})
	if err != nil {
		t.Fatalf("create table: %v", err)
	}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: aws.String(name), Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}},
	}); err != nil {
		t.Fatalf("put item: %v", err)
	}
	switchOn(t, client, name)
}

// switchOn sets what CreateTable cannot.
func switchOn(t *testing.T, client *dynamodb.Client, name string) {
	t.Helper()
	if _, err := client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(name), TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String("expires"), Enabled: aws.Bool(true),
		},
	}); err != nil {
		t.Fatalf("set TTL: %v", err)
	}
	if _, err := client.UpdateContinuousBackups(t.Context(), &dynamodb.UpdateContinuousBackupsInput{
		TableName: aws.String(name), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: aws.Bool(true), RecoveryPeriodInDays: aws.Int32(7),
		},
	}); err != nil {
		t.Fatalf("set point-in-time recovery: %v", err)
	}
}

func settings(t *testing.T, r resource.Resource) (s holdfast.Settings) {
	t.Helper()
	if err := json.Unmarshal(r.Settings, &s); err != nil {
		t.Fatalf("settings of %s: %v", r.ARN, err)
	}
	return s
}

func TestLifeOfABackupOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	createTable(t, lab, mototest.Home, "Orders")
	createTable(t, lab, mototest.Other, "Foreign")

	found := mototest.Discover(t, d, mototest.Home)
	if len(found) != 1 || found[0].Name != "Orders" || found[0].Tags["env"] != "prod" ||
		found[0].ARN != "arn:aws:dynamodb:us-east-1:111111111111:table/Orders" {
		t.Fatalf("discovered %+v, want only Orders", found)
	}
	source := settings(t, found[0])
	if source.StreamView != "NEW_IMAGE" || source.TTLAttribute != "expires" || !source.PointInTime || !source.DeletionProtection {
		t.Errorf("recorded %+v, want every setting that was made", source)
	}
	point := mototest.Backup(t, d, found[0], "backup")
	restored := mototest.Restore(t, d, found[0], point, nil, "restore")
	got := settings(t, restored)
	got.BillingMode = source.BillingMode // moto does not restore it
	if diff := cmp.Diff(source, got); diff != "" {
		t.Errorf("settings of the restored table (-source +restored):\n%s", diff)
	}
	want := mototest.Mark("restore", found[0]).Tags(map[string]string{"env": "prod"})
	if diff := cmp.Diff(want, restored.Tags); diff != "" {
		t.Errorf("tags of the restored table (-want +got):\n%s", diff)
	}
	checkItems(t, lab, restored.Name)
	checkItems(t, lab, mototest.RestoreMoment(t, d, found[0], latest(t, lab, "Orders"), "moment").Name)
	mototest.Expire(t, d, mototest.Home, point)
	lab.CheckActions(t, d.Descriptor())
}

func checkItems(t *testing.T, lab *mototest.Lab, name string) {
	t.Helper()
	out, err := dynamodb.NewFromConfig(lab.Config(t, mototest.Home)).Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(name)})
	if err != nil || out.Count != 1 {
		t.Errorf("restored table %s has %v items, %v, want 1", name, out, err)
	}
}

// TestOneMarkOneTableOnMoto repeats a restore and aims one at somebody else's table.
func TestOneMarkOneTableOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := holdfast.New(lab.Sessions)
	createTable(t, lab, mototest.Home, "Orders")
	found := mototest.Discover(t, d, mototest.Home)
	point := mototest.Backup(t, d, found[0], "backup")
	req := driver.RestoreRequest{
		Scope: mototest.Home, Mark: mototest.Mark("restore", found[0]), Point: point, Resource: found[0],
		Overrides: map[string]string{"table_name": "Copy"},
	}
	for range 2 {
		if ref, err := d.Restore(t.Context(), req); err != nil || ref != "Copy" {
			t.Errorf("restore = %q, %v, want Copy", ref, err)
		}
	}
	if err := d.FinishRestore(t.Context(), req, "Copy"); err != nil && !failure.Is(err, failure.Busy) {
		t.Fatalf("finish the restore: %v", err)
	}
	req.Mark = mototest.Mark("second", found[0])
	if ref, err := d.Restore(t.Context(), req); !failure.Is(err, failure.Conflict) {
		t.Errorf("restore over another job's table = %q, %v, want class conflict", ref, err)
	}
	req.Overrides = map[string]string{"table_name": "Orders"}
	if ref, err := d.Restore(t.Context(), req); !failure.Is(err, failure.Conflict) {
		t.Errorf("restore over the source = %q, %v, want class conflict", ref, err)
	}
}

// latest returns the last moment of a table that can be restored: with moto, the one when
// that was switched on.
func latest(t *testing.T, lab *mototest.Lab, name string) time.Time {
	t.Helper()
	out, err := dynamodb.NewFromConfig(lab.Config(t, mototest.Home)).DescribeContinuousBackups(t.Context(), &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String(name)})
	if err != nil {
		t.Fatalf("continuous backups: %v", err)
	}
	return *out.ContinuousBackupsDescription.PointInTimeRecoveryDescription.LatestRestorableDateTime
}
