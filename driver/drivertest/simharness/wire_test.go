package simharness

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/testkit"
	"holdfast/resource"
)

// volumes is a kind without a driver: the tests talk to EC2 themselves.
var volumes = Kind{
	Kind: resource.EBS,
	Calls: map[conformance.Method][]string{
		conformance.Discover: {"DescribeVolumes"},
		conformance.Start:    {"CreateSnapshot"},
	},
	Codes: map[failure.Class]string{failure.Quota: "SnapshotLimitExceeded"},
}

// newLab returns a world with n volumes and a client on its wire.
func newLab(t *testing.T, n int) (*world, []resource.Resource, *ec2.Client) {
	t.Helper()
	made, err := New(volumes).World(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := made.(*world)
	resources, err := w.AddResources(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := w.wire.Config(t.Context(), awssession.Request{Scope: w.Home(), Purpose: resource.ForBackup})
	if err != nil {
		t.Fatal(err)
	}
	return w, resources, ec2.NewFromConfig(cfg)
}

func inject(t *testing.T, w *world, f conformance.Fault) (lift func()) {
	t.Helper()
	lift, err := w.Inject(f)
	if err != nil {
		t.Fatal(err)
	}
	return lift
}

func snapshot(t *testing.T, client *ec2.Client, r resource.Resource) error {
	t.Helper()
	_, err := client.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &r.Name})
	return err
}

func count(t *testing.T, w *world) int {
	t.Helper()
	points, err := w.Points(t.Context(), w.Home())
	if err != nil {
		t.Fatal(err)
	}
	return len(points)
}

func TestPagesAreCutAndRequestsCounted(t *testing.T) {
	t.Parallel()
	w, _, client := newLab(t, pageItems+1)
	in := &ec2.DescribeVolumesInput{MaxResults: aws.Int32(1000)}
	out, err := client.DescribeVolumes(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Volumes) != pageItems || out.NextToken == nil {
		t.Errorf("%d volumes, next page %v; want a full page and another", len(out.Volumes), out.NextToken)
	}
	if *in.MaxResults != 1000 {
		t.Errorf("the caller's input was changed to %d", *in.MaxResults)
	}
	if diff := cmp.Diff(conformance.Calls{All: 1}, w.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestRefusedRequestDoesNothing(t *testing.T) {
	t.Parallel()
	for class, code := range map[failure.Class]string{
		failure.Quota: "SnapshotLimitExceeded", failure.Denied: "AccessDeniedException", failure.Transient: "InternalFailure",
	} {
		w, made, client := newLab(t, 1)
		lift := inject(t, w, conformance.Fault{Method: conformance.Start, Effect: conformance.Refuse, Class: class})
		var api smithy.APIError
		if err := snapshot(t, client, made[0]); !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("%s: %v, want code %s", class, err, code)
		}
		if n := count(t, w); n != 0 {
			t.Errorf("%s: %d snapshots were made", class, n)
		}
		lift()
		if err := snapshot(t, client, made[0]); err != nil {
			t.Errorf("%s, lifted: %v", class, err)
		}
	}
}

// The SDK left alone repeats what was not answered; the wire must let the checks see it.
func TestLostAnswerTakesEffect(t *testing.T) {
	t.Parallel()
	w, made, client := newLab(t, 1)
	inject(t, w, conformance.Fault{Method: conformance.Start, Effect: conformance.Lose})
	if err := snapshot(t, client, made[0]); err == nil || !strings.Contains(err.Error(), errLost.Error()) {
		t.Errorf("error %v, want the lost answer", err)
	}
	if n := count(t, w); n != 1 {
		t.Errorf("%d snapshots, want 1", n)
	}
	if calls := w.Calls().Mutating; calls < 2 {
		t.Errorf("%d requests: the SDK was expected to try again", calls)
	}
}

func TestSkipAndTimesCountRequests(t *testing.T) {
	t.Parallel()
	w, _, client := newLab(t, 0)
	inject(t, w, conformance.Fault{
		Method: conformance.Discover, Effect: conformance.Refuse, Class: failure.Denied, Skip: 1, Times: 1,
	})
	var refused []bool
	for range 3 {
		_, err := client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
		refused = append(refused, err != nil)
	}
	if diff := cmp.Diff([]bool{false, true, false}, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func TestHangingRequestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w, _, client := newLab(t, 0)
	inject(t, w, conformance.Fault{Method: conformance.Discover, Effect: conformance.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := client.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{})
		done <- err
	}()
	testkit.Eventually(t, 10*time.Second, "the request to arrive", func() bool { return w.Calls().All == 1 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want a cancelled context", err)
	}
}

func TestFaultsThatCannotBeInjectedAreRefused(t *testing.T) {
	t.Parallel()
	w, _, _ := newLab(t, 0)
	for _, f := range []conformance.Fault{
		{Method: conformance.Copy, Effect: conformance.Hang},
		{Method: conformance.Start, Effect: conformance.Refuse, Class: failure.KMS},
	} {
		if _, err := w.Inject(f); err == nil {
			t.Errorf("%+v was accepted and would never be met", f)
		}
	}
}
