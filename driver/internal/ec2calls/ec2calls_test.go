package ec2calls

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/driver"
)

func TestTagsRoundTripInAFixedOrder(t *testing.T) {
	t.Parallel()
	tags := map[string]string{"b": "2", "a": "1", "c": ""}
	spec := Tagged(types.ResourceTypeSnapshot, tags)
	var keys []string
	for _, tag := range spec.Tags {
		keys = append(keys, aws.ToString(tag.Key))
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(tags, FromTags(spec.Tags)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestByMarkNamesJobAndInstallation(t *testing.T) {
	t.Parallel()
	got := ByMark(driver.Mark{Installation: "prod", JobID: "j1"})
	want := []types.Filter{Filter("tag:holdfast:job", "j1"), Filter("tag:holdfast:installation", "prod")}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.Filter{})); diff != "" {
		t.Errorf("filters (-want +got):\n%s", diff)
	}
}

func TestOldest(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	var o Oldest
	for _, offer := range []struct {
		id string
		at time.Time
		is string
	}{{"c", late, "c"}, {"b", early, "b"}, {"a", early, "a"}, {"z", early, "a"}, {"0", late, "a"}} {
		if o.Offer(offer.id, offer.at); o.ID != offer.is {
			t.Errorf("after %s the oldest is %s, want %s", offer.id, o.ID, offer.is)
		}
	}
}

func TestDescriptionIsCut(t *testing.T) {
	t.Parallel()
	long := Description(driver.Mark{JobID: "j", SourceARN: strings.Repeat("x", 300)})
	if len(*long) != 255 || !strings.HasPrefix(*long, "Holdfast job j of xxx") {
		t.Errorf("description %q of %d bytes", *long, len(*long))
	}
}
