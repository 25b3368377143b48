package trial

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy/retention"
)

func TestReadPoints(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 5, 5, 2, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		text string
		want []retention.Point
	}{
		"none":          {"[]", nil},
		"bare":          {`[{"id":"a","created_at":"2026-05-05T04:00:00+02:00"}]`, []retention.Point{{ID: "a", CreatedAt: made}}},
		"wrapped":       {`{"more":[1],"points":[{"id":"a","created_at":"2026-05-05T02:00:00Z","state":"AVAILABLE","delete_at":"2026-05-05T02:00:00Z"}],"after":"x"}`, []retention.Point{{ID: "a", CreatedAt: made, DeleteAt: made}}},
		"AWS Backup's":  {`{"RecoveryPoints":[{"RecoveryPointArn":"arn:x","CreationDate":"2026-05-05T02:00:00.000000+00:00","Status":"COMPLETED","ResourceArn":"arn:r"}]}`, []retention.Point{{ID: "arn:x", CreatedAt: made, Series: "arn:r"}}},
		"seconds":       {`[{"id":"a","created_at":1777946400}]`, []retention.Point{{ID: "a", CreatedAt: made}}},
		"not good":      {`[{"id":"a","created_at":"2026-05-05T02:00:00Z","state":"expiring"},{"id":"b","created_at":"2026-05-05T02:00:00Z","good":false}]`, []retention.Point{{ID: "a", CreatedAt: made, Unusable: "state EXPIRING"}, {ID: "b", CreatedAt: made, Unusable: "it is not good"}}},
		"held":          {`[{"id":"a","created_at":"2026-05-05T02:00:00Z","holds":[{"kind":"legal"}],"resource_arn":"r","account":"1","region":"x"}]`, []retention.Point{{ID: "a", CreatedAt: made, Series: "r 1 x", Held: "the point has a hold"}}},
		"nulls and all": {`[{"id":"a","created_at":"2026-05-05T02:00:00Z","delete_at":null,"holds":[],"legal_hold":false,"state":null}]`, []retention.Point{{ID: "a", CreatedAt: made}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := ReadPoints([]byte(tt.text))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadPointsListsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":       {"", "want a JSON list of objects"},
		"a text":        {`"a"`, "want a JSON list"},
		"no list":       {`{"a":1}`, "or an object with such a list under points"},
		"not JSON":      {"[{\n\"id\" \"a\"}]", "2  not valid JSON"},
		"cut off":       {`[{"id":"a"`, "ends too early"},
		"two documents": {`[] []`, "text follows"},
		"not UTF-8":     {"[\"\xff\"]", "not UTF-8"},
		"no objects":    {"[1,\n\"a\"]", "1 [0] want an object, found 1|2 [1] want an object, found \"a\""},
		"no id":         {`[{"created_at":"2026-05-05T02:00:00Z"}]`, "[0].id is missing"},
		"no moment":     {"[{\"id\":\"a\"},\n{\"id\":\"b\",\"created_at\":\"yesterday\"}]", `1 [0].created_at is missing|2 [1].created_at "yesterday" is no moment`},
		"one id twice":  {`[{"id":"a","created_at":1},{"id":"a","created_at":2}]`, "[1].id a is the id of point 0 too"},
		"a key twice":   {`[{"id":"a","ID":"b","created_at":1}]`, "[0].ID is given twice"},
		"list twice":    {`{"points":[],"points":[]}`, "points is given twice"},
		"wrong types":   {`[{"id":1,"created_at":{},"state":[]}]`, "[0].id want text, found 1|[0].created_at an object is no moment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := ReadPoints([]byte(tt.text))
			var got []string
			for _, p := range problems {
				got = append(got, fmt.Sprintf("%d %s %s", p.Line, p.Path, p.Message))
			}
			for want := range strings.SplitSeq(tt.want, "|") {
				if !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("want %q, got %q", want, got)
				}
			}
		})
	}
}

func TestReadPointsBoundsItsProblems(t *testing.T) {
	t.Parallel()
	_, problems := ReadPoints([]byte("[" + strings.Repeat("1,", 5000) + "1]"))
	if last := problems[len(problems)-1].Message; len(problems) > 101 || last != "and 4901 more problems" {
		t.Errorf("%d problems, the last is %q", len(problems), last)
	}
}

func FuzzReadPoints(f *testing.F) {
	for _, seed := range []string{`[{"id":"a","created_at":"2026-05-05T02:00:00Z"}]`, `{"points":[{}]}`, `[{"created_at":1e300}]`, `[1`, "{\"points\":"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		points, problems := ReadPoints(data)
		for _, p := range points {
			if len(problems) == 0 && p.ID == "" {
				t.Fatalf("%q gives %+v", data, p)
			}
		}
		for _, p := range problems {
			if p.Message == "" || p.Line < 0 || p.Line > 1+strings.Count(string(data), "\n") {
				t.Fatalf("%q gives the problem %+v", data, p)
			}
		}
	})
}
