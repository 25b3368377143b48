package marktags

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
)

var mark = driver.Mark{Installation: "prod", JobID: "J1", SourceARN: "arn:aws:ec2:r:1:volume/v"}

func TestForKeepsTheMarkAndFitsAWS(t *testing.T) {
	t.Parallel()
	extra := map[string]string{
		"aws:cloudformation:stack-id": "x", driver.TagJob: "forged", "long": strings.Repeat("ä", 300),
	}
	for i := range 60 {
		extra[fmt.Sprintf("z%02d", i)] = "v"
	}
	tags := For(mark, extra)
	if len(tags) != maxTags {
		t.Errorf("%d tags, want %d", len(tags), maxTags)
	}
	if !Same(tags, mark) || tags[driver.TagSource] != mark.SourceARN {
		t.Errorf("tags %v lost the mark", tags)
	}
	if got := len([]rune(tags["long"])); got != maxValueRune {
		t.Errorf("value of %d characters, want %d", got, maxValueRune)
	}
	if _, ok := tags["aws:cloudformation:stack-id"]; ok {
		t.Error("a reserved key was kept")
	}
}

func TestInherited(t *testing.T) {
	t.Parallel()
	source := map[string]string{"env": "prod", driver.TagJob: "old", driver.TagRule: "r"}
	if diff := cmp.Diff(map[string]string{"env": "prod"}, Inherited(source)); diff != "" {
		t.Errorf("inherited tags (-want +got):\n%s", diff)
	}
	if source[driver.TagJob] != "old" {
		t.Error("Inherited changed its argument")
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	other := mark
	other.JobID = "J2"
	if !Same(mark.Tags(nil), mark) || Same(other.Tags(nil), mark) || Same(nil, mark) {
		t.Error("Same does not tell marks apart")
	}
}
