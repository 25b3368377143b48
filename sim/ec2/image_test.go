package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/resource"
	"holdfast/sim"
)

func (w world) instance(t *testing.T, b sim.Blueprint) string {
	t.Helper()
	b.Kind, b.Account, b.Region = resource.EC2, account, region
	arn, err := w.Create(b)
	if err != nil {
		t.Fatalf("create instance: %v", err)
	}
	return arn[len("arn:aws:ec2:eu-central-1:111111111111:instance/"):]
}

// image starts an image and returns its id and the error code.
func (w world) image(t *testing.T, c *ec2.Client, instance, name string) (id, refused string) {
	t.Helper()
	out, err := c.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: &instance, Name: &name, NoReboot: aws.Bool(true)})
	if err != nil {
		return "", code(t, err)
	}
	return *out.ImageId, ""
}

func images(t *testing.T, c *ec2.Client) []types.Image {
	t.Helper()
	out, err := c.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil {
		t.Fatalf("describe images: %v", err)
	}
	return out.Images
}

func TestImageLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	c := w.client(t, account, region)
	of := w.instance(t, sim.Blueprint{SizeGiB: 100})
	id, _ := w.image(t, c, of, "nightly")
	if _, got := w.image(t, c, of, "nightly"); got != "InvalidAMIName.Duplicate" {
		t.Errorf("second image of the name: %q", got)
	}
	if seen := images(t, c); len(seen) != 1 || seen[0].State != types.ImageStatePending || len(seen[0].BlockDeviceMappings) != 0 {
		t.Errorf("new image is %+v", seen)
	}
	if _, err := c.RunInstances(t.Context(), &ec2.RunInstancesInput{ImageId: &id, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}); code(t, err) != "InvalidAMIID.Unavailable" {
		t.Errorf("launch from a pending image: %v", err)
	}
	w.clock.Advance(time.Hour)
	seen := images(t, c)
	if len(seen) != 1 || seen[0].State != types.ImageStateAvailable || len(seen[0].BlockDeviceMappings) != 2 {
		t.Fatalf("an hour later the image is %+v", seen)
	}
	snapshot := seen[0].BlockDeviceMappings[0].Ebs.SnapshotId
	if _, err := c.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: snapshot}); code(t, err) != "InvalidSnapshot.InUse" {
		t.Errorf("delete a snapshot of an image: %v", err)
	}
	out, err := c.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id, DeleteAssociatedSnapshots: aws.Bool(true)})
	if err != nil || len(out.DeleteSnapshotResults) != 2 {
		t.Fatalf("deregister: %+v, %v", out, err)
	}
	if state, _ := snapshotState(t, c, *snapshot); state != "" {
		t.Errorf("the snapshot is still %s", state)
	}
	if _, err := c.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id}); code(t, err) != "InvalidAMIID.Unavailable" {
		t.Errorf("deregister again: %v", err)
	}
	if live, ever := len(w.Artefacts()), len(w.History()); live != 0 || ever != 1 {
		t.Errorf("%d live artefacts and %d ever, want 0 and 1", live, ever)
	}
}

func TestImageCopyAndLaunchKeepTheirTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	here, there := w.client(t, account, region), w.client(t, account, other)
	id, _ := w.image(t, here, w.instance(t, sim.Blueprint{Encrypted: true}), "nightly")
	w.clock.Advance(time.Hour)
	copyAs := func(name, token, key string) (string, string) {
		in := &ec2.CopyImageInput{Name: &name, ClientToken: &token, SourceImageId: &id, SourceRegion: aws.String(region)}
		if key != "" {
			in.Encrypted, in.KmsKeyId = aws.Bool(true), &key
		}
		out, err := there.CopyImage(t.Context(), in)
		if err != nil {
			return "", code(t, err)
		}
		return *out.ImageId, ""
	}
	first, _ := copyAs("copy", "t1", "")
	if again, _ := copyAs("copy", "t1", ""); again != first || first == "" {
		t.Errorf("the same token made %q and %q", first, again)
	}
	if _, got := copyAs("other", "t1", ""); got != "IdempotentParameterMismatch" {
		t.Errorf("other parameters: %q", got)
	}
	bad, _ := copyAs("bad", "t2", "arn:aws:kms:eu-central-1:111111111111:key/elsewhere")
	w.clock.Advance(2 * time.Hour)
	for _, i := range images(t, there) {
		if want := map[string]types.ImageState{first: types.ImageStateAvailable, bad: types.ImageStateFailed}[*i.ImageId]; i.State != want {
			t.Errorf("image %s is %s, want %s", *i.Name, i.State, want)
		}
	}
	launch := func() types.Instance {
		out, err := there.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: &first, ClientToken: aws.String("t3"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: types.InstanceTypeM5Large,
		})
		if err != nil {
			t.Fatal(err)
		}
		return out.Instances[0]
	}
	if one, two := launch(), launch(); *one.InstanceId != *two.InstanceId || one.State.Name != types.InstanceStateNamePending {
		t.Errorf("launched %s (%s) and %s with one token", *one.InstanceId, one.State.Name, *two.InstanceId)
	}
	w.clock.Advance(time.Hour)
	out, err := there.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if err != nil || len(out.Reservations) != 1 || out.Reservations[0].Instances[0].State.Name != types.InstanceStateNameRunning {
		t.Errorf("instances: %+v, %v", out, err)
	}
}

func TestInstanceStoreRootHasNoImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	if _, got := w.image(t, w.client(t, account, region), w.instance(t, sim.Blueprint{Odd: true}), "nightly"); got != "InvalidParameterValue" {
		t.Errorf("image of an instance with an instance-store root: %q", got)
	}
}
