package sim_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/driver"
	"holdfast/resource"
	"holdfast/sim"
)

// serve puts a world on a port and returns its address as seen from another process.
func serve(t testing.TB, w world) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- sim.Serve(ctx, w.Organization, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

func TestRemoteIsLikeLocal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.create(t, sim.Blueprint{Kind: resource.RDS, Name: "orders", Tags: map[string]string{"env": "prod"}})
	vol := w.create(t, sim.Blueprint{Kind: resource.EBS, Name: "data", Encrypted: true})
	w.create(t, sim.Blueprint{Kind: resource.DynamoDB, Name: "Orders", Encrypted: true})
	remote := sim.Dial(serve(t, w))
	local, far := config(t, w.Provider(), account, home), config(t, remote, account, home)

	id := vol[strings.LastIndexByte(vol, '/')+1:]
	if _, err := ec2.NewFromConfig(far).CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &id, TagSpecifications: []ec2types.TagSpecification{
		{ResourceType: ec2types.ResourceTypeSnapshot, Tags: []ec2types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}},
	}}); err != nil {
		t.Fatal(err)
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ResultMetadata" }, cmp.Ignore())
	quiet := cmp.Options{ignore, cmpopts.EquateEmpty(), cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.Last().String(), "noSmithyDocumentSerde") }, cmp.Ignore())}
	same := func(what string, a, b any, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if diff := cmp.Diff(a, b, quiet); diff != "" {
			t.Errorf("%s differs (-local +remote):\n%s", what, diff)
		}
	}
	s1, err1 := ec2.NewFromConfig(local).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{})
	s2, err2 := ec2.NewFromConfig(far).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{})
	same("snapshots", s1, s2, errors.Join(err1, err2))
	v1, err1 := ec2.NewFromConfig(local).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
	v2, err2 := ec2.NewFromConfig(far).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
	same("volumes", v1, v2, errors.Join(err1, err2))
	i1, err1 := rds.NewFromConfig(local).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{})
	i2, err2 := rds.NewFromConfig(far).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{})
	same("instances", i1, i2, errors.Join(err1, err2))
	t1, err1 := dynamodb.NewFromConfig(local).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("Orders")})
	t2, err2 := dynamodb.NewFromConfig(far).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("Orders")})
	same("table", t1, t2, errors.Join(err1, err2))
	if len(s1.Snapshots) != 1 || len(v1.Volumes) != 1 || len(i1.DBInstances) != 1 {
		t.Errorf("compared nothing: %d, %d, %d", len(s1.Snapshots), len(v1.Volumes), len(i1.DBInstances))
	}
}

func TestRemoteErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	remote := sim.Dial(serve(t, w))
	cfg := config(t, remote, account, home)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	db, table, volumes := rds.NewFromConfig(cfg), dynamodb.NewFromConfig(cfg), ec2.NewFromConfig(cfg)

	_, err := db.DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String("none")})
	if !is[*rdstypes.DBSnapshotNotFoundFault](err) {
		t.Errorf("RDS: %v", err)
	}
	_, err = table.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("none")})
	if !is[*dynamodbtypes.ResourceNotFoundException](err) {
		t.Errorf("DynamoDB: %v", err)
	}
	_, err = volumes.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: aws.String("snap-none")})
	if code(t, err) != "InvalidSnapshot.NotFound" {
		t.Errorf("EC2: %v", err)
	}
	if _, err = volumes.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); code(t, err) != "UnsupportedOperation" {
		t.Errorf("unsupported: %v", err)
	}
	w.Inject(sim.Fault{Operation: "DescribeVolumes", Times: 1, Effect: sim.LostAnswer})
	_, err = volumes.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
	var broken interface{ ConnectionError() bool }
	if !errors.As(err, &broken) || !broken.ConnectionError() {
		t.Errorf("lost answer: %v", err)
	}
	w.Inject(sim.Fault{Operation: "DescribeVolumes", Times: 1, Effect: sim.Hang})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err = volumes.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call that never answers: %v", err)
	}
	before := w.Calls()["ec2:DescribeVolumes"]
	w.Inject(sim.Fault{Operation: "DescribeVolumes", Times: 1, Effect: sim.Stall})
	stalled, giveUp := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer giveUp()
	if _, err = volumes.DescribeVolumes(stalled, &ec2.DescribeVolumesInput{}); !errors.Is(err, context.DeadlineExceeded) || w.Calls()["ec2:DescribeVolumes"] != before+1 {
		t.Errorf("a call that is carried out and never answers: %v", err)
	}
	if left := w.Unfired(); len(left) != 0 {
		t.Errorf("unfired: %v", left)
	}
}

func TestRemoteFaultsAreLifted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	remote := sim.Dial(serve(t, w))
	t.Cleanup(remote.Close)
	volumes := ec2.NewFromConfig(config(t, remote, account, home))
	for effect, want := range map[sim.Effect]string{sim.Expired: "RequestExpired", sim.Denied: "UnauthorizedOperation"} {
		if err := remote.Inject(t.Context(), sim.Fault{Account: account, Effect: effect}); err != nil {
			t.Fatal(err)
		}
		if _, err := volumes.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); code(t, err) != want {
			t.Errorf("%s: %v, want %s", effect, err, want)
		}
		if err := remote.Lift(t.Context(), effect, account); err != nil {
			t.Fatal(err)
		}
		if _, err := volumes.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); err != nil {
			t.Errorf("%s was lifted: %v", effect, err)
		}
	}
}

func TestRemoteThrottleIsRetriedBySDK(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	remote := sim.Dial(serve(t, w))
	if err := remote.Inject(t.Context(), sim.Fault{Service: "ec2", Times: 1, Effect: sim.Throttle}); err != nil {
		t.Fatal(err)
	}
	if _, err := ec2.NewFromConfig(config(t, remote, account, home)).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); err != nil {
		t.Errorf("one throttle: %v", err)
	}
	l, err := remote.Ledger(t.Context())
	if err != nil || l.Throttled["ec2:DescribeVolumes"] != 1 || l.Calls["ec2:DescribeVolumes"] != 1 || !l.Now.Equal(start) {
		t.Errorf("ledger: %+v, %v", l, err)
	}
}

func TestRemoteJudge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	remote := sim.Dial(serve(t, w))
	t.Cleanup(remote.Close)
	mark := driver.Mark{Installation: "test", JobID: strings.Repeat("j", 26)}
	var tags []ec2types.Tag
	for k, v := range mark.Tags(nil) {
		tags = append(tags, ec2types.Tag{Key: &k, Value: &v})
	}
	c := ec2.NewFromConfig(config(t, remote, account, home))
	for i := range 2 {
		arn, err := remote.Create(t.Context(), sim.Blueprint{Kind: resource.EBS, Account: account, Region: home, Name: fmt.Sprint("v", i)})
		if err != nil {
			t.Fatal(err)
		}
		id := arn[strings.LastIndexByte(arn, '/')+1:]
		_, err = c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &id, TagSpecifications: []ec2types.TagSpecification{{ResourceType: "snapshot", Tags: tags}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := remote.Ledger(t.Context())
	if err != nil || l.Duplicates != 1 {
		t.Errorf("duplicates: %+v, %v", l, err)
	}
	history, err := remote.History(t.Context())
	if err != nil || len(history) != 2 || history[0].Tags[driver.TagJob] != mark.JobID {
		t.Errorf("history: %v, %v", history, err)
	}
	want := sim.Level{Gauge: sim.Gauge{Account: account, Operation: "backup"}, Now: 2, Most: 2}
	for _, level := range l.Levels {
		if level.Gauge == want.Gauge && level != want {
			t.Errorf("got %+v, want %+v", level, want)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Serve(t.Context(), w.Organization, l); err == nil {
		t.Error("served on every interface")
	}
	url := serve(t, w)
	for body, want := range map[string]int{"not json": http.StatusBadRequest, `"` + strings.Repeat("x", 5<<20) + `"`: http.StatusBadRequest} {
		res, err := http.Post(url+"/v1/call", "application/json", strings.NewReader(body)) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if res.StatusCode != want {
			t.Errorf("%.20q...: status %d, want %d", body, res.StatusCode, want)
		}
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	var accounts []string
	for i := range 45 {
		accounts = append(accounts, fmt.Sprintf("%012d", 100000000000+i))
	}
	w := newWorld(t, sim.Options{Accounts: accounts, Suspended: accounts[7:8]})
	pages := organizations.NewListAccountsPaginator(organizations.NewFromConfig(config(t, w.Provider(), accounts[0], "us-east-1")), &organizations.ListAccountsInput{})
	states, n := map[string]int{}, 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Accounts {
			states[string(a.State)]++
		}
	}
	if diff := cmp.Diff(map[string]int{"ACTIVE": 44, "SUSPENDED": 1}, states); diff != "" || n != 3 {
		t.Errorf("%d pages, %s", n, diff)
	}
	member := organizations.NewFromConfig(config(t, w.Provider(), accounts[1], "us-east-1"))
	if _, err := member.ListAccounts(t.Context(), &organizations.ListAccountsInput{}); code(t, err) != "AccessDeniedException" {
		t.Errorf("a member account: %v", err)
	}
	who, err := sts.NewFromConfig(config(t, w.Provider(), accounts[3], home)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Account != accounts[3] {
		t.Errorf("caller identity: %v, %v", who, err)
	}
	_, err = sts.NewFromConfig(config(t, w.Provider(), accounts[7], home)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if code(t, err) != "AccessDenied" {
		t.Errorf("a suspended account: %v", err)
	}
}

func BenchmarkRemoteCall(b *testing.B) {
	w := newWorld(b, sim.Options{Unthrottled: true})
	c := ec2.NewFromConfig(config(b, sim.Dial(serve(b, w)), account, home))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.DescribeVolumes(b.Context(), &ec2.DescribeVolumesInput{}); err != nil {
			b.Fatal(err)
		}
	}
}
