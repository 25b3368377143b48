package sim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/resource"
	"holdfast/sim"
)

func (w world) gateways(t *testing.T) *storagegateway.Client {
	t.Helper()
	return storagegateway.NewFromConfig(config(t, w.Provider(), account, home))
}

// inner returns the code inside a refusal, "" for success.
func inner(t *testing.T, err error) types.ErrorCode {
	t.Helper()
	var refused *types.InvalidGatewayRequestException
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &refused) || refused.Error_ == nil:
		t.Fatalf("no refusal with a code inside: %v", err)
	}
	return refused.Error_.ErrorCode
}

func gatewayOf(volume string) string {
	gateway, _, _ := strings.Cut(volume, "/volume/")
	return gateway
}

func snapshotOf(t *testing.T, c *storagegateway.Client, volume string) (id string, err error) {
	t.Helper()
	out, err := c.CreateSnapshot(t.Context(), &storagegateway.CreateSnapshotInput{
		VolumeARN: &volume, SnapshotDescription: aws.String("test"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("orders")}},
	})
	if err != nil {
		return "", err
	}
	return *out.SnapshotId, nil
}

func TestGatewaySnapshotIsEC2s(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	volume := w.create(t, sim.Blueprint{Kind: resource.StorageGateway, SizeGiB: 30, CustomerKey: true})
	id, err := snapshotOf(t, w.gateways(t), volume)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(15 * time.Minute)
	out, err := ec2.NewFromConfig(config(t, w.Provider(), account, home)).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	s := out.Snapshots[0]
	if *s.VolumeSize != 30 || s.State != "completed" || !*s.Encrypted || *s.Tags[0].Value != "orders" || !strings.HasSuffix(volume, *s.VolumeId) {
		t.Errorf("the snapshot is %+v", s)
	}
	if a := w.Artefacts(); len(a) != 1 || a[0].Kind != resource.StorageGateway || a[0].Source != volume {
		t.Errorf("artefacts: %+v", a)
	}
}

func TestGatewayThatIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.gateways(t)
	volume := w.create(t, sim.Blueprint{Kind: resource.StorageGateway})
	if _, err := c.ShutdownGateway(t.Context(), &storagegateway.ShutdownGatewayInput{GatewayARN: aws.String(gatewayOf(volume))}); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshotOf(t, c, volume); inner(t, err) != types.ErrorCodeGatewayNotConnected {
		t.Errorf("a snapshot: %v", err)
	}
	_, err := c.DescribeCachediSCSIVolumes(t.Context(), &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{volume}})
	if inner(t, err) != types.ErrorCodeGatewayNotConnected {
		t.Errorf("its volumes: %v", err)
	}
	point := &storagegateway.CreateSnapshotFromVolumeRecoveryPointInput{VolumeARN: &volume, SnapshotDescription: aws.String("test")}
	if _, err := c.CreateSnapshotFromVolumeRecoveryPoint(t.Context(), point); err != nil {
		t.Errorf("a snapshot of the recovery point: %v", err)
	}
	if _, err := c.StartGateway(t.Context(), &storagegateway.StartGatewayInput{GatewayARN: aws.String(gatewayOf(volume))}); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshotOf(t, c, volume); err != nil {
		t.Errorf("a snapshot when it is back: %v", err)
	}
}

func TestGatewayVolumeFromSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Quotas: map[string]int{"storagegateway:volumes": 3}})
	c := w.gateways(t)
	source := w.create(t, sim.Blueprint{Kind: resource.StorageGateway, SizeGiB: 30})
	id, err := snapshotOf(t, c, source)
	if err != nil {
		t.Fatal(err)
	}
	good := storagegateway.CreateCachediSCSIVolumeInput{
		ClientToken: aws.String("one"), GatewayARN: aws.String(gatewayOf(source)), NetworkInterfaceId: aws.String("10.0.3.4"),
		TargetName: aws.String("new"), SnapshotId: &id, VolumeSizeInBytes: 30 << 30,
	}
	create := func(change func(*storagegateway.CreateCachediSCSIVolumeInput)) (string, types.ErrorCode) {
		in := good
		change(&in)
		out, err := c.CreateCachediSCSIVolume(t.Context(), &in)
		if err != nil {
			return "", inner(t, err)
		}
		return *out.VolumeARN, ""
	}
	same := func(*storagegateway.CreateCachediSCSIVolumeInput) {}
	if _, code := create(same); code != types.ErrorCodeSnapshotIdInvalid {
		t.Errorf("from a snapshot being made: %s", code)
	}
	w.clock.Advance(15 * time.Minute)
	made, code := create(same)
	if again, _ := create(same); code != "" || again != made {
		t.Errorf("the same token gave %s (%s) and %s", made, code, again)
	}
	for want, change := range map[types.ErrorCode]func(*storagegateway.CreateCachediSCSIVolumeInput){
		types.ErrorCodeTargetAlreadyExists: func(in *storagegateway.CreateCachediSCSIVolumeInput) { in.ClientToken = aws.String("two") },
		types.ErrorCodeInvalidParameters:   func(in *storagegateway.CreateCachediSCSIVolumeInput) { in.TargetName = aws.String("other") },
		types.ErrorCodeGatewayNotFound: func(in *storagegateway.CreateCachediSCSIVolumeInput) {
			in.ClientToken, in.GatewayARN = aws.String("three"), aws.String(strings.ToUpper(gatewayOf(source)))
		},
	} {
		if _, code := create(change); code != want {
			t.Errorf("refused with %s, want %s", code, want)
		}
	}
	another := func(token string, size int64) types.ErrorCode {
		_, code := create(func(in *storagegateway.CreateCachediSCSIVolumeInput) {
			in.ClientToken, in.TargetName, in.VolumeSizeInBytes = &token, &token, size
		})
		return code
	}
	if code := another("small", 1<<30); code != types.ErrorCodeInvalidParameters {
		t.Errorf("smaller than the snapshot: %s", code)
	}
	if code := another("third", 30<<30); code != "" {
		t.Errorf("a third volume: %s", code)
	}
	if code := another("fourth", 30<<30); code != types.ErrorCodeMaximumVolumeCountExceeded {
		t.Errorf("a volume too many: %s", code)
	}
	if _, err := snapshotOf(t, c, made); inner(t, err) != types.ErrorCodeVolumeNotReady {
		t.Errorf("a snapshot of a volume being restored: %v", err)
	}
}

// What is inside a typed error survives the way to another process.
func TestRefusalsOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	volume := w.create(t, sim.Blueprint{Kind: resource.StorageGateway, Odd: true})
	remote := storagegateway.NewFromConfig(config(t, sim.Dial(serve(t, w)), account, home))
	if _, err := snapshotOf(t, remote, volume); inner(t, err) != types.ErrorCodeVolumeNotReady {
		t.Errorf("an irrecoverable volume: %v", err)
	}
}
