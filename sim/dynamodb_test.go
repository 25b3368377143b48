package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/resource"
	"holdfast/sim"
)

func (w world) dynamodb(t *testing.T, region string) *dynamodb.Client {
	t.Helper()
	return dynamodb.NewFromConfig(config(t, w.Provider(), account, region))
}

func backupTable(t *testing.T, c *dynamodb.Client, table, name string) string {
	t.Helper()
	out, err := c.CreateBackup(t.Context(), &dynamodb.CreateBackupInput{TableName: &table, BackupName: &name})
	if err != nil {
		t.Fatalf("back up %s: %v", table, err)
	}
	return *out.BackupDetails.BackupArn
}

func TestTableBackupLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.dynamodb(t, home)
	w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: "Orders"})
	first := backupTable(t, c, "Orders", "same")
	second := backupTable(t, c, "Orders", "same")
	if first == second {
		t.Errorf("the same name gave the same backup %s", first)
	}
	remove := func(arn string) error {
		_, err := c.DeleteBackup(t.Context(), &dynamodb.DeleteBackupInput{BackupArn: &arn})
		return err
	}
	if err := remove(first); !is[*types.BackupInUseException](err) {
		t.Errorf("delete while creating: %v", err)
	}
	w.clock.Advance(5 * time.Minute)
	d, err := c.DescribeBackup(t.Context(), &dynamodb.DescribeBackupInput{BackupArn: &first})
	if err != nil || d.BackupDescription.BackupDetails.BackupStatus != types.BackupStatusAvailable {
		t.Errorf("after 5 min: %v, %v", d, err)
	}
	if err := remove(first); err != nil {
		t.Fatal(err)
	}
	if err := remove(first); !is[*types.BackupNotFoundException](err) {
		t.Errorf("second delete: %v", err)
	}
}

func TestListBackups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true})
	c := w.dynamodb(t, home)
	for _, table := range []string{"Orders", "Events"} {
		w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: table})
		for i := range 3 {
			backupTable(t, c, table, fmt.Sprint("backup-", i))
			w.clock.Advance(time.Minute)
		}
	}
	list := func(in *dynamodb.ListBackupsInput) (names []string) {
		for {
			out, err := c.ListBackups(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range out.BackupSummaries {
				names = append(names, *b.TableName+"/"+*b.BackupName)
			}
			if out.LastEvaluatedBackupArn == nil {
				return names
			}
			in.ExclusiveStartBackupArn = out.LastEvaluatedBackupArn
		}
	}
	if got := list(&dynamodb.ListBackupsInput{Limit: aws.Int32(2)}); len(got) != 6 {
		t.Errorf("all: %v", got)
	}
	if got := list(&dynamodb.ListBackupsInput{TableName: aws.String("Events"), Limit: aws.Int32(1)}); len(got) != 3 {
		t.Errorf("of one table: %v", got)
	}
	if got := list(&dynamodb.ListBackupsInput{TimeRangeLowerBound: aws.Time(start.Add(4 * time.Minute))}); len(got) != 2 {
		t.Errorf("since the fifth: %v", got)
	}
}

func TestTableRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	here, there := w.dynamodb(t, home), w.dynamodb(t, abroad)
	w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: "Orders"})
	arn := backupTable(t, here, "Orders", "nightly")
	w.clock.Advance(10 * time.Minute)
	restore := func(c *dynamodb.Client, name string, sse *types.SSESpecification) error {
		_, err := c.RestoreTableFromBackup(t.Context(), &dynamodb.RestoreTableFromBackupInput{BackupArn: &arn, TargetTableName: &name, SSESpecificationOverride: sse})
		return err
	}
	if err := restore(here, "Orders", nil); !is[*types.TableAlreadyExistsException](err) {
		t.Errorf("restore over the source: %v", err)
	}
	if err := restore(there, "Orders", nil); code(t, err) != "ValidationException" {
		t.Errorf("abroad without encryption: %v", err)
	}
	if err := restore(there, "Orders", &types.SSESpecification{Enabled: aws.Bool(true)}); err != nil {
		t.Errorf("abroad: %v", err)
	}
	if err := restore(here, "Orders-2", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := here.DeleteBackup(t.Context(), &dynamodb.DeleteBackupInput{BackupArn: &arn}); !is[*types.BackupInUseException](err) {
		t.Errorf("delete while restoring: %v", err)
	}
	ttl := &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("Orders-2"), TimeToLiveSpecification: &types.TimeToLiveSpecification{
		AttributeName: aws.String("ends"), Enabled: aws.Bool(true),
	}}
	if _, err := here.UpdateTimeToLive(t.Context(), ttl); !is[*types.ResourceInUseException](err) {
		t.Errorf("change while restoring: %v", err)
	}
	w.clock.Advance(15 * time.Minute)
	out, err := here.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("Orders-2")})
	if err != nil || out.Table.TableStatus != types.TableStatusActive || *out.Table.RestoreSummary.RestoreInProgress || *out.Table.RestoreSummary.SourceBackupArn != arn {
		t.Errorf("after 15 min: %+v, %v", out, err)
	}
	if _, err := here.UpdateTimeToLive(t.Context(), ttl); err != nil {
		t.Error(err)
	}
	if got := w.MaxInProgress(sim.Gauge{Account: account, Operation: "restore"}); got != 2 {
		t.Errorf("at most %d restores at once, want 2", got)
	}
}

func TestFailedRestoreLeavesNoTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.dynamodb(t, home)
	w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: "Orders"})
	arn := backupTable(t, c, "Orders", "nightly")
	w.clock.Advance(10 * time.Minute)
	w.Inject(sim.Fault{Operation: "RestoreTableFromBackup", Times: 1, Effect: sim.FailLater})
	if _, err := c.RestoreTableFromBackup(t.Context(), &dynamodb.RestoreTableFromBackupInput{BackupArn: &arn, TargetTableName: aws.String("Copy")}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	if _, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("Copy")}); !is[*types.ResourceNotFoundException](err) {
		t.Errorf("describe: %v", err)
	}
	if out, err := c.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil || len(out.TableNames) != 1 {
		t.Errorf("tables: %v, %v", out, err)
	}
}

func TestListTablesPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	for i := range 7 {
		w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: fmt.Sprint("table-", i)})
	}
	pages := dynamodb.NewListTablesPaginator(w.dynamodb(t, home), &dynamodb.ListTablesInput{Limit: aws.Int32(3)})
	var names []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, page.TableNames...)
	}
	if len(names) != 7 {
		t.Errorf("listed %v", names)
	}
}

func TestTableSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.dynamodb(t, home)
	arn := w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: "Orders", Tags: map[string]string{"env": "prod"}})
	if _, err := c.TagResource(t.Context(), &dynamodb.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}); err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: &arn})
	if err != nil || len(tags.Tags) != 2 {
		t.Errorf("tags: %v, %v", tags, err)
	}
	stream := &dynamodb.UpdateTableInput{TableName: aws.String("Orders"), StreamSpecification: &types.StreamSpecification{
		StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly,
	}}
	if _, err := c.UpdateTable(t.Context(), stream); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateTable(t.Context(), stream); !is[*types.ResourceInUseException](err) {
		t.Errorf("change while updating: %v", err)
	}
	pitr := func(on bool) types.PointInTimeRecoveryStatus {
		_, err := c.UpdateContinuousBackups(t.Context(), &dynamodb.UpdateContinuousBackupsInput{
			TableName: aws.String("Orders"), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: &on},
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.DescribeContinuousBackups(t.Context(), &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String("Orders")})
		if err != nil {
			t.Fatal(err)
		}
		return out.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus
	}
	w.clock.Advance(time.Minute)
	if _, err := c.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("Orders"), TimeToLiveSpecification: &types.TimeToLiveSpecification{
		AttributeName: aws.String("ends"), Enabled: aws.Bool(false),
	}}); err != nil {
		t.Fatal(err)
	}
	ttl, err := c.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("Orders")})
	if err != nil || ttl.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusDisabled {
		t.Errorf("time to live: %v, %v", ttl, err)
	}
	if on, off := pitr(true), pitr(false); on != types.PointInTimeRecoveryStatusEnabled || off != types.PointInTimeRecoveryStatusDisabled {
		t.Errorf("point-in-time recovery: %s, %s", on, off)
	}
	if _, err := c.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("Orders")}); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("Orders")}); !is[*types.ResourceNotFoundException](err) {
		t.Errorf("second delete: %v", err)
	}
}
