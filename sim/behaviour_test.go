package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/google/go-cmp/cmp"

	"holdfast/resource"
	"holdfast/sim"
)

// A role taken away from one account refuses every service there, and nothing elsewhere.
func TestDeniedAccount(t *testing.T) {
	t.Parallel()
	other := "222222222222"
	w := newWorld(t, sim.Options{Accounts: []string{account, other}})
	w.Inject(sim.Fault{Account: account, Effect: sim.Denied})
	codes := func(a string) []string {
		cfg := config(t, w.Provider(), a, home)
		_, volumes := ec2.NewFromConfig(cfg).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
		_, databases := rds.NewFromConfig(cfg).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{})
		_, tables := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{})
		return []string{code(t, volumes), code(t, databases), code(t, tables)}
	}
	if diff := cmp.Diff([]string{"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"}, codes(account)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", "", ""}, codes(other)); diff != "" {
		t.Errorf("the other account: %s", diff)
	}
	if n := w.Calls()["ec2:DescribeVolumes"]; n != 1 {
		t.Errorf("%d calls accepted, want the other account's only", n)
	}
}

// Each service spells a refusal for its rate in its own way, and the SDK retries all.
func TestThrottleCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.SetRates(sim.Rates{Throttle: 1})
	cfg := config(t, w.Provider(), account, home)
	_, volumes := ec2.NewFromConfig(cfg).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
	_, databases := rds.NewFromConfig(cfg).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{})
	_, tables := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{})
	got := []string{code(t, volumes), code(t, databases), code(t, tables)}
	if diff := cmp.Diff([]string{"RequestLimitExceeded", "Throttling", "ThrottlingException"}, got); diff != "" {
		t.Error(diff)
	}
	want := map[string]int{"ec2:DescribeVolumes": 3, "rds:DescribeDBInstances": 3, "dynamodb:ListTables": 3}
	if diff := cmp.Diff(want, w.Throttled()); diff != "" {
		t.Errorf("three attempts each: %s", diff)
	}
}

// The same client configuration works for a client of another region.
func TestRegionOfClientWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.create(t, sim.Blueprint{Kind: resource.EBS, Account: account, Region: abroad})
	c := ec2.NewFromConfig(config(t, w.Provider(), account, home))
	count := func(optFns ...func(*ec2.Options)) int {
		out, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}, optFns...)
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Volumes)
	}
	if here, there := count(), count(func(o *ec2.Options) { o.Region = abroad }); here != 0 || there != 1 {
		t.Errorf("%d volumes at home and %d abroad, want 0 and 1", here, there)
	}
	if _, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}, func(o *ec2.Options) { o.Region = "eu-north-1" }); code(t, err) != "UnauthorizedOperation" {
		t.Errorf("a region that is not enabled: %v", err)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	cfg := config(t, w.Provider(), account, home)
	volume := w.create(t, sim.Blueprint{Kind: resource.EBS})
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders"})
	table := w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: "Orders"})
	id := volume[strings.LastIndexByte(volume, '/')+1:]
	if _, err := ec2.NewFromConfig(cfg).CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &id}); err != nil {
		t.Fatal(err)
	}
	if _, err := rds.NewFromConfig(cfg).CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("orders"), DBSnapshotIdentifier: aws.String("s")}); err != nil {
		t.Fatal(err)
	}
	backupTable(t, dynamodb.NewFromConfig(cfg), "Orders", "nightly")
	arns := []string{volume, table, "arn:aws:rds:eu-central-1:111111111111:db:orders"}
	for _, a := range w.Artefacts() {
		arns = append(arns, a.ARN)
	}
	if len(arns) != 6 {
		t.Fatalf("%v", arns)
	}
	for _, arn := range arns {
		if first, second := w.Remove(arn), w.Remove(arn); !first || second {
			t.Errorf("remove %s: %v, and again %v", arn, first, second)
		}
	}
	if w.Remove("nonsense") || w.Remove("arn:aws:s3:::bucket") {
		t.Error("removed what is not there")
	}
	if live, busy := len(w.Artefacts()), w.InProgress(sim.Gauge{Account: account}); live != 0 || busy != 0 {
		t.Errorf("%d artefacts and %d operations are left", live, busy)
	}
}

func TestFailLaterOfEachService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders"})
	w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: "Orders"})
	w.Inject(sim.Fault{Operation: "CreateDBSnapshot", Times: 1, Effect: sim.FailLater})
	w.Inject(sim.Fault{Operation: "CreateBackup", Times: 1, Effect: sim.FailLater})
	databases, tables := w.rds(t, home), w.dynamodb(t, home)
	if _, err := databases.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("orders"), DBSnapshotIdentifier: aws.String("s")}); err != nil {
		t.Fatal(err)
	}
	arn := backupTable(t, tables, "Orders", "nightly")
	w.clock.Advance(time.Hour)
	if got := dbSnapshotStatus(t, databases, "s"); got != "failed" {
		t.Errorf("the DB snapshot is %s", got)
	}
	d, err := tables.DescribeBackup(t.Context(), &dynamodb.DescribeBackupInput{BackupArn: &arn})
	if err != nil || d.BackupDescription.BackupDetails.BackupStatus != dynamodbtypes.BackupStatusDeleted {
		t.Errorf("the backup: %+v, %v", d, err)
	}
	for _, a := range w.Artefacts() {
		if !a.Failed {
			t.Errorf("%s has not failed", a.ARN)
		}
	}
}

func TestDBInstanceTagsAndFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.rds(t, home)
	arn := w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders"})
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "events"})
	if _, err := c.AddTagsToResource(t.Context(), &rds.AddTagsToResourceInput{ResourceName: &arn, Tags: []rdstypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}); err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResource(t.Context(), &rds.ListTagsForResourceInput{ResourceName: &arn})
	if err != nil || len(tags.TagList) != 1 {
		t.Errorf("tags: %v, %v", tags, err)
	}
	find := func(name, value string) (int, string) {
		out, err := c.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{Filters: []rdstypes.Filter{{Name: &name, Values: []string{value}}}})
		if err != nil {
			return 0, code(t, err)
		}
		return len(out.DBInstances), ""
	}
	if n, _ := find("db-instance-id", "orders"); n != 1 {
		t.Errorf("%d instances by id", n)
	}
	if _, got := find("color", "blue"); got != "InvalidParameterValue" {
		t.Errorf("unknown filter: %q", got)
	}
	if _, err := c.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("orders"), SkipFinalSnapshot: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("orders")}); !is[*rdstypes.DBInstanceNotFoundFault](err) {
		t.Errorf("after deletion: %v", err)
	}
}
