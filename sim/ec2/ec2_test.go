package ec2_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	account = "111111111111"
	region  = "eu-central-1"
	other   = "eu-west-1"
)

// world is one organization with a manual clock.
type world struct {
	*sim.Organization
	clock *clock.Manual
}

func newWorld(t *testing.T, o sim.Options) world {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	o.Clock, o.RetryBackoff = c, time.Millisecond
	org, err := sim.New(o)
	if err != nil {
		t.Fatalf("new organization: %v", err)
	}
	return world{org, c}
}

func (w world) client(t *testing.T, account, region string) *ec2.Client {
	t.Helper()
	cfg, err := w.Provider().Config(t.Context(), awssession.Request{
		Scope: resource.Scope{Partition: "aws", Account: account, Region: region}, Purpose: resource.ForBackup,
	})
	if err != nil {
		t.Fatalf("config: %v", err)
	}
	return ec2.NewFromConfig(cfg)
}

func (w world) volume(t *testing.T, b sim.Blueprint) string {
	t.Helper()
	b.Kind, b.Account, b.Region = resource.EBS, account, region
	arn, err := w.Create(b)
	if err != nil {
		t.Fatalf("create volume: %v", err)
	}
	return arn[len("arn:aws:ec2:eu-central-1:111111111111:volume/"):]
}

func (w world) snapshot(t *testing.T, c *ec2.Client, volume string) string {
	t.Helper()
	out, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &volume})
	if err != nil {
		t.Fatalf("create snapshot: %v", err)
	}
	return *out.SnapshotId
}

// code returns the service's error code, "" for success.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("no API error: %v", err)
	}
	return api.ErrorCode()
}

func snapshotState(t *testing.T, c *ec2.Client, id string) (types.SnapshotState, string) {
	t.Helper()
	out, err := c.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: []types.Filter{{Name: aws.String("snapshot-id"), Values: []string{id}}},
	})
	if err != nil {
		t.Fatalf("describe snapshots: %v", err)
	}
	if len(out.Snapshots) != 1 {
		return "", ""
	}
	return out.Snapshots[0].State, aws.ToString(out.Snapshots[0].StateMessage)
}

func TestSnapshotLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	vol := w.volume(t, sim.Blueprint{SizeGiB: 100})
	out, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &vol, TagSpecifications: []types.TagSpecification{{
		ResourceType: types.ResourceTypeSnapshot, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if out.State != types.SnapshotStatePending {
		t.Errorf("new snapshot is %s", out.State)
	}
	w.clock.Advance(59 * time.Second)
	if state, _ := snapshotState(t, c, *out.SnapshotId); state != types.SnapshotStatePending {
		t.Errorf("after 59 s: %s, want pending", state)
	}
	w.clock.Advance(15 * time.Minute)
	if state, _ := snapshotState(t, c, *out.SnapshotId); state != types.SnapshotStateCompleted {
		t.Errorf("after 16 min: %s, want completed", state)
	}
	byTag, err := c.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{Filters: []types.Filter{{Name: aws.String("tag:a"), Values: []string{"b"}}}})
	if err != nil || len(byTag.Snapshots) != 1 {
		t.Errorf("by tag: %v snapshots, %v", byTag, err)
	}
	if _, err := c.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: out.SnapshotId}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: out.SnapshotId})
	if got := code(t, err); got != "InvalidSnapshot.NotFound" {
		t.Errorf("second delete: %q", got)
	}
	if live, ever := len(w.Artefacts()), len(w.History()); live != 0 || ever != 1 {
		t.Errorf("%d live artefacts and %d ever, want 0 and 1", live, ever)
	}
}

func TestSnapshotLimitsPerVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Pace: 100})
	c := w.client(t, account, region)
	vol := w.volume(t, sim.Blueprint{})
	start := func() string {
		_, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &vol})
		return code(t, err)
	}
	var got []string
	for range 6 {
		got = append(got, start(), start())
		w.clock.Advance(15 * time.Second)
	}
	rate := "SnapshotCreationPerVolumeRateExceeded"
	want := []string{"", rate, "", rate, "", rate, "", rate, "", rate, "ConcurrentSnapshotLimitExceeded", "ConcurrentSnapshotLimitExceeded"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPagesGiveEachOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Unthrottled: true})
	c := w.client(t, account, region)
	for i := range 11 {
		w.snapshot(t, c, w.volume(t, sim.Blueprint{Name: fmt.Sprint("v", i)}))
	}
	seen := map[string]int{}
	pages := ec2.NewDescribeSnapshotsPaginator(c, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, MaxResults: aws.Int32(5)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Snapshots {
			seen[*s.SnapshotId]++
		}
	}
	if n != 3 || len(seen) != 11 {
		t.Errorf("%d pages with %d snapshots, want 3 and 11", n, len(seen))
	}
	volumes, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{MaxResults: aws.Int32(10)})
	if err != nil || len(volumes.Volumes) != 10 || volumes.NextToken == nil {
		t.Errorf("first page of volumes: %v, %v", volumes, err)
	}
}

func TestEventualConsistency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Lag: 30 * time.Second})
	c := w.client(t, account, region)
	id := w.snapshot(t, c, w.volume(t, sim.Blueprint{}))
	w.clock.Advance(29 * time.Second)
	if state, _ := snapshotState(t, c, id); state != "" {
		t.Errorf("visible after 29 s: %s", state)
	}
	w.clock.Advance(time.Second)
	if state, _ := snapshotState(t, c, id); state == "" {
		t.Error("not visible after 30 s")
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Quotas: map[string]int{"ec2:snapshot-copies": 2}})
	here, there := w.client(t, account, region), w.client(t, account, other)
	src := w.snapshot(t, here, w.volume(t, sim.Blueprint{Encrypted: true}))
	copyWith := func(key string) (string, string) {
		in := &ec2.CopySnapshotInput{SourceRegion: aws.String(region), SourceSnapshotId: &src}
		if key != "" {
			in.KmsKeyId = &key
		}
		out, err := there.CopySnapshot(t.Context(), in)
		if err != nil {
			return "", code(t, err)
		}
		return *out.SnapshotId, ""
	}
	if _, got := copyWith(""); got != "IncorrectState" {
		t.Errorf("copy of a pending snapshot: %q", got)
	}
	w.clock.Advance(time.Hour)
	good, _ := copyWith("")
	bad, _ := copyWith("arn:aws:kms:eu-central-1:111111111111:key/elsewhere")
	if _, got := copyWith(""); got != "ResourceLimitExceeded" {
		t.Errorf("third copy: %q", got)
	}
	w.clock.Advance(2 * time.Hour)
	if state, _ := snapshotState(t, there, good); state != types.SnapshotStateCompleted {
		t.Errorf("copy is %s", state)
	}
	if state, why := snapshotState(t, there, bad); state != types.SnapshotStateError || why != "Given key ID is not accessible" {
		t.Errorf("copy with a key of the wrong region is %s (%s)", state, why)
	}
	if got := w.MaxInProgress(sim.Gauge{Account: account, Operation: "copy"}); got != 2 {
		t.Errorf("at most %d copies at once, want 2", got)
	}
}

func TestClientToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	snap := w.snapshot(t, c, w.volume(t, sim.Blueprint{SizeGiB: 10}))
	w.clock.Advance(time.Hour)
	restore := func(size int32) (string, string) {
		out, err := c.CreateVolume(t.Context(), &ec2.CreateVolumeInput{
			SnapshotId: &snap, AvailabilityZone: aws.String(region + "b"), Size: &size, ClientToken: aws.String("once"),
		})
		if err != nil {
			return "", code(t, err)
		}
		return *out.VolumeId, ""
	}
	if _, got := restore(9); got != "InvalidParameterValue" {
		t.Errorf("smaller than the snapshot: %q", got)
	}
	first, _ := restore(20)
	again, _ := restore(20)
	if first == "" || first != again {
		t.Errorf("the same token made %q and %q", first, again)
	}
	if _, got := restore(30); got != "IdempotentParameterMismatch" {
		t.Errorf("other parameters: %q", got)
	}
}

func TestLostAnswerTookEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	vol := w.volume(t, sim.Blueprint{})
	w.Inject(sim.Fault{Service: "ec2", Operation: "CreateSnapshot", Times: 1, Effect: sim.LostAnswer})
	_, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &vol}, func(o *ec2.Options) { o.RetryMaxAttempts = 1 })
	var timeout interface{ Timeout() bool }
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("want a timeout, got %v", err)
	}
	if n := len(w.Artefacts()); n != 1 {
		t.Errorf("%d snapshots, want 1", n)
	}
	if left := w.Unfired(); len(left) != 0 {
		t.Errorf("unfired: %v", left)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		effect sim.Effect
		code   string
		status int
	}{
		{sim.Throttle, "RequestLimitExceeded", 503},
		{sim.ServerError, "InternalFailure", 500},
		{sim.Denied, "UnauthorizedOperation", 403},
	} {
		t.Run(string(tc.effect), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sim.Options{})
			c := w.client(t, account, region)
			w.Inject(sim.Fault{Account: account, Effect: tc.effect})
			_, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
			var response *awshttp.ResponseError
			if !errors.As(err, &response) || response.HTTPStatusCode() != tc.status || response.ServiceRequestID() == "" {
				t.Errorf("want status %d and a request id, got %v", tc.status, err)
			}
			if got := code(t, err); got != tc.code {
				t.Errorf("code %q, want %q", got, tc.code)
			}
			w.Lift(tc.effect, account)
			if _, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); err != nil {
				t.Errorf("after the fault was lifted: %v", err)
			}
		})
	}
}

func TestThrottleIsRetriedBySDK(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	w.Inject(sim.Fault{Operation: "DescribeVolumes", Times: 2, Effect: sim.Throttle})
	if _, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); err != nil {
		t.Errorf("two throttles: %v", err)
	}
	if got := w.Throttled()["ec2:DescribeVolumes"]; got != 2 {
		t.Errorf("%d throttles counted, want 2", got)
	}
}

func TestFailLaterAndHang(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	w.Inject(sim.Fault{Operation: "CreateSnapshot", Times: 1, Effect: sim.FailLater, Message: "disk on fire"})
	id := w.snapshot(t, c, w.volume(t, sim.Blueprint{}))
	w.clock.Advance(time.Hour)
	if state, why := snapshotState(t, c, id); state != types.SnapshotStateError || why != "disk on fire" {
		t.Errorf("state %s (%s)", state, why)
	}
	w.Inject(sim.Fault{Operation: "DescribeVolumes", Times: 1, Effect: sim.Hang})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call that never answers: %v", err)
	}
}

func TestVanish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	vol := w.volume(t, sim.Blueprint{})
	w.Inject(sim.Fault{Operation: "CreateSnapshot", Times: 1, Effect: sim.Vanish, ARN: "arn:aws:ec2:eu-central-1:111111111111:volume/" + vol})
	_, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &vol})
	if got := code(t, err); got != "InvalidVolume.NotFound" {
		t.Errorf("snapshot of a vanished volume: %q", got)
	}
}

func TestTokenBucket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	once := func(o *ec2.Options) { o.RetryMaxAttempts = 1 }
	// Unfiltered and unpaged: 50 at once, then 10 a second.
	accepted := func(calls int) (n int) {
		for range calls {
			_, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}, once)
			switch code(t, err) {
			case "":
				n++
			case "RequestLimitExceeded":
			default:
				t.Fatal(err)
			}
		}
		return n
	}
	if got := accepted(60); got != 50 {
		t.Errorf("%d of 60 calls accepted, want 50", got)
	}
	w.clock.Advance(time.Second)
	if got := accepted(20); got != 10 {
		t.Errorf("%d of 20 calls accepted a second later, want 10", got)
	}
	if _, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{MaxResults: aws.Int32(100)}, once); err != nil {
		t.Errorf("the paged bucket is another: %v", err)
	}
	if _, err := w.client(t, account, other).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}, once); err != nil {
		t.Errorf("the other region's bucket is another: %v", err)
	}
}

func TestUnsupportedIsLoud(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	_, err := w.client(t, account, region).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	if got := code(t, err); got != "UnsupportedOperation" {
		t.Errorf("DescribeVpcs: %v", err)
	}
	_, err = w.client(t, "999999999999", region).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
	if got := code(t, err); got != "InvalidClientTokenId" {
		t.Errorf("unknown account: %v", err)
	}
}

func BenchmarkDescribeVolumes(b *testing.B) {
	org, err := sim.New(sim.Options{Unthrottled: true})
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := org.Provider().Config(b.Context(), awssession.Request{Scope: resource.Scope{Partition: "aws", Account: account, Region: region}})
	if err != nil {
		b.Fatal(err)
	}
	c := ec2.NewFromConfig(cfg)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.DescribeVolumes(b.Context(), &ec2.DescribeVolumesInput{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	tag := func(value string) []types.TagSpecification {
		return []types.TagSpecification{{ResourceType: types.ResourceTypeSnapshot, Tags: []types.Tag{{Key: aws.String("path"), Value: &value}}}}
	}
	for _, value := range []string{"a/b/c", "a/x", "[b]"} {
		vol := w.volume(t, sim.Blueprint{})
		if _, err := c.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &vol, TagSpecifications: tag(value)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name   string
		values []string
		want   int
		code   string
	}{
		{"tag:path", []string{"a/b/c"}, 1, ""},
		{"tag:path", []string{"a/*"}, 2, ""},
		{"tag:path", []string{"a/?"}, 1, ""},
		{"tag:path", []string{"[b]*"}, 1, ""},
		{"tag:path", []string{"a/x", "[b]"}, 2, ""},
		{"tag:other", []string{"*"}, 0, ""},
		{"tag-key", []string{"path"}, 3, ""},
		{"status", []string{"pending"}, 3, ""},
		{"status", []string{"completed"}, 0, ""},
		{"owner-id", []string{account}, 3, ""},
		{"nonsense", []string{"x"}, 0, "InvalidParameterValue"},
		{"snapshot-id", make([]string, 201), 0, "FilterLimitExceeded"},
	} {
		out, err := c.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{Filters: []types.Filter{{Name: &tc.name, Values: tc.values}}})
		if got := code(t, err); got != tc.code {
			t.Errorf("%s %.20v: code %q, want %q", tc.name, tc.values, got, tc.code)
		}
		if err == nil && len(out.Snapshots) != tc.want {
			t.Errorf("%s %v: %d snapshots, want %d", tc.name, tc.values, len(out.Snapshots), tc.want)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	vol := w.volume(t, sim.Blueprint{Name: "data"})
	put := func(id, key string) string {
		_, err := c.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: &key, Value: aws.String("v")}}})
		return code(t, err)
	}
	if got := []string{put(vol, "a"), put("vol-none", "a"), put("snap-none", "a"), put(vol, "aws:a")}; !cmp.Equal(got,
		[]string{"", "InvalidVolume.NotFound", "InvalidSnapshot.NotFound", "InvalidParameterValue"}) {
		t.Errorf("codes %v", got)
	}
	out, err := c.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{vol}})
	if err != nil || len(out.Volumes[0].Tags) != 2 {
		t.Errorf("tags: %v, %v", out, err)
	}
	zones, err := c.DescribeAvailabilityZones(t.Context(), &ec2.DescribeAvailabilityZonesInput{})
	if err != nil || len(zones.AvailabilityZones) != 3 {
		t.Errorf("zones: %v, %v", zones, err)
	}
	_, err = c.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: &vol, DryRun: aws.Bool(true)})
	if got := code(t, err); got != "DryRunOperation" {
		t.Errorf("dry run: %q", got)
	}
	if _, err := c.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: &vol}); err != nil {
		t.Error(err)
	}
}
