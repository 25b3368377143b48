package ledger

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/catalog"
)

var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

// memory is a ledger that can be tampered with.
type memory struct {
	events []catalog.Event
	seals  []catalog.Seal
}

func (m *memory) Settled(context.Context) (int64, error) {
	if len(m.events) == 0 {
		return 0, nil
	}
	return m.events[len(m.events)-1].Seq, nil
}

func (m *memory) Seals(_ context.Context, after int64, limit int) (list []catalog.Seal, _ error) {
	for _, s := range m.seals {
		if s.Number > after && len(list) < limit {
			list = append(list, s)
		}
	}
	return list, nil
}

func (m *memory) LastSeal(context.Context) (catalog.Seal, error) {
	if len(m.seals) == 0 {
		return catalog.Seal{}, nil
	}
	return m.seals[len(m.seals)-1], nil
}

func (m *memory) AddSeal(_ context.Context, s catalog.Seal) error {
	m.seals = append(m.seals, s)
	return nil
}

func (m *memory) OldestUnsealed(context.Context) (time.Time, error) { return time.Time{}, nil }

func (m *memory) Events(_ context.Context, f catalog.EventFilter) (list []catalog.Event, _ error) {
	for _, e := range m.events {
		if e.Seq > f.After && e.Seq <= f.Through && len(list) < f.Limit {
			list = append(list, e)
		}
	}
	return list, nil
}

// add appends n events, leaving out every seventh number as a lost transaction does.
func (m *memory) add(n int) {
	seq := int64(0)
	if len(m.events) > 0 {
		seq = m.events[len(m.events)-1].Seq
	}
	for range n {
		seq++
		if seq%7 == 0 {
			seq++
		}
		m.events = append(m.events, catalog.Event{
			Seq: seq, At: noon.Add(time.Duration(seq) * time.Second), Type: "job.state", JobID: fmt.Sprint("job-", seq%5),
			Actor: "worker-1", From: "CREATED", To: "RUNNING", Data: []byte(`{"calls":[{"operation":"ec2:CreateSnapshot","request_id":"<1>"}]}`),
		})
	}
}

func (m *memory) seal(t interface{ Fatal(...any) }, keys Keys) {
	if _, err := SealAll(context.Background(), m, keys, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func (m *memory) check(t interface{ Fatal(...any) }, keys Keys, anchor string) Report {
	r, err := Check(context.Background(), m, keys, anchor)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kinds returns what was found, each kind with the events.
func (r Report) kinds() (list []string) {
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s %d", f.Kind, f.Event))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func key(c byte) []byte { return bytes.Repeat([]byte{c}, 32) }

// sealed returns a history of three segments and a tail of five events.
func sealed(t *testing.T, keys Keys) *memory {
	m := &memory{}
	for range 3 {
		m.add(40)
		m.seal(t, keys)
	}
	m.add(5)
	return m
}

func TestAnUntouchedHistoryIsGood(t *testing.T) {
	t.Parallel()
	m := sealed(t, Keys{Current: key('a')})
	r := m.check(t, Keys{Current: key('a')}, head(m.seals[1]))
	tail := m.events[120:]
	want := Report{
		Segments: 3, Events: 120, Signed: 3, Head: head(m.seals[2]),
		Unsealed: Tail{Events: 5, First: tail[0].Seq, Last: tail[4].Seq, Oldest: tail[0].At},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	keys := Keys{Current: key('a')}
	for name, test := range map[string]struct {
		tamper func(*memory)
		want   []string
	}{
		"an event changed": {func(m *memory) { m.events[10].Actor = "nobody" }, []string{"changed 12"}},
		"its time changed": {func(m *memory) { m.events[10].At = noon }, []string{"changed 12"}},
		"an event removed": {func(m *memory) { m.events = slices.Delete(m.events, 10, 11) }, []string{"missing 12"}},
		"two swapped": {func(m *memory) {
			a, b := &m.events[10], &m.events[50]
			*a, *b = *b, *a
			a.Seq, b.Seq = b.Seq, a.Seq
		}, []string{"reordered 12", "reordered 59"}},
		"one put into a gap": {func(m *memory) {
			e := m.events[3]
			e.Seq, e.Actor = 7, "nobody"
			m.events = slices.Insert(m.events, 6, e)
		}, []string{"added 7"}},
		"one moved into a gap": {func(m *memory) { m.events[6].Seq = 7 }, []string{"missing 8", "reordered 7"}},
		"changed and sealed again": {func(m *memory) {
			m.events[50].Actor = "nobody"
			m.seals[1] = Next(m.seals[0], m.events[40:80], Keys{}, noon)
		}, []string{"broken 0"}},
		"a seal removed":          {func(m *memory) { m.seals = slices.Delete(m.seals, 1, 2) }, []string{"added", "broken 0"}},
		"a roll emptied":          {func(m *memory) { m.seals[1].Roll = "" }, []string{"missing"}},
		"a roll cut":              {func(m *memory) { m.seals[1].Roll = m.seals[1].Roll[:100] }, []string{"added", "broken 0"}},
		"a signature of another":  {func(m *memory) { m.seals[1].MAC = m.seals[0].MAC }, []string{"broken 0"}},
		"signatures taken off":    {func(m *memory) { m.seals[2].MAC, m.seals[2].KeyID = "", "" }, []string{"broken 0"}},
		"pruned without age":      {func(m *memory) { m.events = append(m.events[20:], pruning(200, 20, noon)) }, []string{"missing 1"}},
		"the newest segments cut": {func(m *memory) { m.seals, m.events = m.seals[:1], m.events[:40] }, []string{"broken 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := sealed(t, keys)
			anchor := head(m.seals[2])
			test.tamper(m)
			got := m.check(t, keys, anchor).kinds()
			for _, want := range test.want {
				if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, want) }) {
					t.Errorf("found %v, want %q", got, want)
				}
			}
			exact := !slices.ContainsFunc(test.want, func(w string) bool { return !strings.Contains(w, " ") })
			if exact && len(got) != len(test.want) {
				t.Errorf("found %v, want %v alone", got, test.want)
			}
		})
	}
}

// pruning is the event by which events up to through were pruned.
func pruning(seq, through int64, at time.Time) catalog.Event {
	return catalog.Event{Seq: seq, At: at, Type: catalog.EventPruned, Actor: "scheduler", To: fmt.Sprint(through)}
}

func TestPrunedHistoryIsGood(t *testing.T) {
	t.Parallel()
	m := sealed(t, Keys{})
	last := m.seals[1].Last
	// Two segments are pruned but for one event of a job that still runs.
	m.events = slices.DeleteFunc(m.events, func(e catalog.Event) bool { return e.Seq <= last && e.Seq != 50 })
	m.seals[0].Roll = ""
	m.events = append(m.events, pruning(200, last, noon.Add(100*24*time.Hour)))
	r := m.check(t, Keys{}, "")
	if !r.Good() || r.Pruned != 79 || r.Events != 41 {
		t.Errorf("%+v", r)
	}
}

func TestARewrittenChainIsFoundByTheAnchorOrTheKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		honest, thief, checker Keys
		anchored               bool
		good                   bool
	}{
		"without either":    {Keys{}, Keys{}, Keys{}, false, true}, // nothing can tell
		"with an anchor":    {Keys{}, Keys{}, Keys{}, true, false},
		"with a key":        {Keys{Current: key('a')}, Keys{}, Keys{Current: key('a')}, false, false},
		"with a stolen key": {Keys{Current: key('a')}, Keys{Current: key('a')}, Keys{Current: key('a')}, false, true},
		"with another key":  {Keys{Current: key('a')}, Keys{Current: key('x')}, Keys{Current: key('a')}, false, false},
		"after a key change": {
			Keys{Current: key('a')}, Keys{Current: key('a')}, Keys{Current: key('b'), Previous: key('a')}, false, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := sealed(t, test.honest)
			anchor := ""
			if test.anchored {
				anchor = head(m.seals[2])
			}
			m.events[10].Actor, m.seals = "nobody", nil
			m.seal(t, test.thief)
			if got := m.check(t, test.checker, anchor); got.Good() != test.good {
				t.Errorf("good = %v: %+v", got.Good(), got.Findings)
			}
		})
	}
}

func TestExportsAreCheckedLikeTheCatalog(t *testing.T) {
	t.Parallel()
	keys := Keys{Current: key('a')}
	m := sealed(t, keys)
	var out bytes.Buffer
	if n, err := Export(context.Background(), m, &out); n != 125 || err != nil {
		t.Fatalf("Export = %d, %v", n, err)
	}
	text := out.String()
	r, err := CheckExport(strings.NewReader(text), keys, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.check(t, keys, ""), r); diff != "" {
		t.Error(diff)
	}
	r, err = CheckExport(strings.NewReader(strings.Replace(text, "worker-1", "nobody", 1)), keys, "")
	if err != nil || r.Good() {
		t.Errorf("a changed export: %+v, %v", r, err)
	}
	if _, err := CheckExport(strings.NewReader(text+"{}\n"), keys, ""); err == nil || !strings.Contains(err.Error(), "line 129") {
		t.Errorf("a line that is nothing: %v", err)
	}
}

// Whatever one edit does to a sealed history is found.
func TestAnyEditIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &memory{}
		for range rapid.IntRange(1, 4).Draw(t, "segments") {
			m.add(rapid.IntRange(1, 30).Draw(t, "events"))
			m.seal(t, Keys{})
		}
		if r := m.check(t, Keys{}, ""); !r.Good() {
			t.Fatalf("before the edit: %+v", r.Findings)
		}
		n := rapid.IntRange(0, len(m.events)-1).Draw(t, "event")
		e := &m.events[n]
		switch rapid.SampledFrom([]string{"text", "remove", "move"}).Draw(t, "edit") {
		case "text":
			field := rapid.SampledFrom([]*string{&e.Type, &e.JobID, &e.PointID, &e.Actor, &e.From, &e.To, &e.Message}).Draw(t, "field")
			*field += rapid.StringN(1, 3, 9).Draw(t, "suffix")
		case "remove":
			m.events = slices.Delete(m.events, n, n+1)
		case "move":
			o := &m.events[(n+1)%len(m.events)]
			if o.Seq == e.Seq {
				return
			}
			*o, *e = *e, *o
			o.Seq, e.Seq = e.Seq, o.Seq
		}
		if r := m.check(t, Keys{}, ""); r.Good() {
			t.Fatal("the edit was not found")
		}
	})
}

func FuzzCheckExport(f *testing.F) {
	m := &memory{}
	m.add(3)
	m.seal(f, Keys{})
	var out bytes.Buffer
	if _, err := Export(context.Background(), m, &out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte(`{"seal":{"number":1,"roll":"AQ"}}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = CheckExport(bytes.NewReader(data), Keys{}, "")
	})
}
