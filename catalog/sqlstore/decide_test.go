package sqlstore

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
)

func TestLeaseAcquire(t *testing.T) {
	t.Parallel()
	mine := leaseRow{owner: "a", term: 3, expiresAt: 1000}
	for name, tc := range map[string]struct {
		row   leaseRow
		owner string
		now   int64
		want  leaseRow
		held  bool
	}{
		"never held":             {leaseRow{}, "a", 500, leaseRow{"a", 1, 600}, true},
		"released":               {leaseRow{term: 3}, "b", 500, leaseRow{"b", 4, 600}, true},
		"renewed":                {mine, "a", 999, leaseRow{"a", 3, 1099}, true},
		"another's":              {mine, "b", 999, mine, false},
		"ended this moment":      {mine, "b", 1000, leaseRow{"b", 4, 1100}, true},
		"mine, ended, not taken": {mine, "a", 5000, leaseRow{"a", 3, 5100}, true},
	} {
		got, held := tc.row.acquire(tc.owner, tc.now, 100)
		if got != tc.want || held != tc.held {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, held, tc.want, tc.held)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	const now = 1_800_000_000_000
	good := func() pointFacts {
		return pointFacts{
			point:  catalog.RecoveryPoint{ID: "p", State: catalog.Available, Installation: "acme", ResourceARN: "arn:x", Account: "1", Region: "r"},
			others: 1, now: now,
		}
	}
	job := catalog.Job{ID: "j", PointID: "p"}
	for name, tc := range map[string]struct {
		edit func(*pointFacts)
		says string // empty: no guard fires
	}{
		"all is well":            {func(*pointFacts) {}, ""},
		"under way by this job":  {func(f *pointFacts) { f.point.State, f.expiringBy = catalog.Expiring, "j" }, ""},
		"under way by another":   {func(f *pointFacts) { f.point.State, f.expiringBy = catalog.Expiring, "k" }, "job k"},
		"not there":              {func(f *pointFacts) { f.point = catalog.RecoveryPoint{} }, "not in the catalog"},
		"another installation's": {func(f *pointFacts) { f.point.Installation = "" }, "installation"},
		"held":                   {func(f *pointFacts) { f.holds = []catalog.Hold{{Kind: catalog.HoldLegal, Holder: "case"}} }, "legal hold by case"},
		"locked":                 {func(f *pointFacts) { f.locks, f.point.CompletedAt = lockOf(30), fromMillis(now-1) }, "lock keeps it"},
		"locked long ago":        {func(f *pointFacts) { f.locks = lockOf(30) }, ""},
		"the clock jumped":       {func(f *pointFacts) { f.trusted = fromMillis(now + 1) }, "clock jumped"},
		"the last":               {func(f *pointFacts) { f.others = 0 }, "last available"},
	} {
		facts := good()
		tc.edit(&facts)
		err := facts.guardExpiry(job, catalog.ExpiryGuard{Installation: "acme", Now: fromMillis(now)})
		switch {
		case tc.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.says != "" && (!failure.Is(err, failure.Held) || !strings.Contains(err.Error(), tc.says)):
			t.Errorf("%s: error %v, want class held and %q", name, err, tc.says)
		}
	}
}

func lockOf(days int) []catalog.VaultLock {
	return []catalog.VaultLock{{Vault: "v", Mode: catalog.Governance, MinDays: days}}
}

// TestGroupsDoNotOverlap draws commits that share jobs and points: no group has two that
// touch the same row, none is lost, and of two that do touch one the first goes first.
func TestGroupsDoNotOverlap(t *testing.T) {
	t.Parallel()
	id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
	rapid.Check(t, func(t *rapid.T) {
		g := group{writers: 1}
		turn := map[*pending]int{}
		for n := range rapid.IntRange(0, 20).Draw(t, "commits") {
			p := &pending{}
			p.mutation.Job.ID = id.Draw(t, "job")
			for _, point := range rapid.SliceOfN(id, 0, 2).Draw(t, "points") {
				p.mutation.PointMoves = append(p.mutation.PointMoves, catalog.PointMove{PointID: point})
			}
			if rapid.Bool().Draw(t, "copies") {
				p.mutation.FollowUps = []catalog.Job{{ID: id.Draw(t, "follow-up"), Type: driver.Copy, PointID: id.Draw(t, "source")}}
			}
			turn[p] = n
			g.queue = append(g.queue, p)
		}
		left, last := len(turn), map[string]int{}
		for batch := g.next(); len(batch) > 0; batch = g.next() {
			inBatch := map[string]bool{}
			for _, p := range batch {
				left--
				for row := range rowsOf(p) {
					if inBatch[row] {
						t.Fatalf("two commits in one group touch %s", row)
					}
					if before, ok := last[row]; ok && before > turn[p] {
						t.Fatalf("commit %d on %s came after %d", turn[p], row, before)
					}
					last[row] = turn[p]
				}
				for row := range rowsOf(p) {
					inBatch[row] = true
				}
			}
		}
		if left != 0 || g.writers != 0 {
			t.Fatalf("%d commits were left, %d writers", left, g.writers)
		}
	})
}

func rowsOf(p *pending) map[string]bool {
	rows := map[string]bool{"job " + p.mutation.Job.ID: true}
	for _, m := range p.mutation.PointMoves {
		rows["point "+m.PointID] = true
	}
	for _, f := range p.mutation.FollowUps {
		rows["job "+f.ID], rows["point "+f.PointID] = true, true
	}
	return rows
}

func TestRebind(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"SELECT 1": "SELECT 1", "a = ?": "a = $1", "(?, ?::text[]) ?": "($1, $2::text[]) $3",
	} {
		if got := (dialect{postgres: true}).rebind(query); got != want {
			t.Errorf("rebind(%q) = %q, want %q", query, got, want)
		}
		if got := (dialect{}).rebind(query); got != query {
			t.Errorf("for SQLite rebind(%q) = %q", query, got)
		}
	}
}

func TestChunksCoverAllRows(t *testing.T) {
	t.Parallel()
	for _, d := range []dialect{{}, {postgres: true}} {
		for _, n := range []int{1, 2, 3, 127, 128, 129, 2000, 2001, 4999} {
			r, total, statements := &rowset{rows: n}, 0, 0
			for total < n {
				size := r.chunk(d, n-total)
				if size < 1 || size > n-total {
					t.Fatalf("%d of %d rows left: chunk of %d", n-total, n, size)
				}
				total += size
				statements++
			}
			if most := n/preparedRows + 8; statements > most {
				t.Errorf("%d rows take %d statements, want at most %d", n, statements, most)
			}
		}
	}
}

func TestContiguous(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		seqs  []int64
		after int64
		want  bool
	}{
		"nothing": {nil, 7, true}, "next": {[]int64{8, 9}, 7, true},
		"gap before": {[]int64{9}, 7, false}, "gap within": {[]int64{8, 10}, 7, false},
	} {
		var events []catalog.Event
		for _, seq := range tc.seqs {
			events = append(events, catalog.Event{Seq: seq})
		}
		if got := contiguous(events, tc.after); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestLookGroupsRoundTrip(t *testing.T) {
	t.Parallel()
	want := catalog.LookGroup{Partition: "aws-cn", Account: "111122223333", Region: "cn-north-1", Kind: "ebs", Operation: driver.Copy}
	got, err := parseGroup(groupName(want))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("parseGroup: %v (-want +got):\n%s", err, diff)
	}
	if _, err := parseGroup("aws/1/2"); !failure.Is(err, failure.Internal) {
		t.Errorf("parseGroup of three parts: %v, want class internal", err)
	}
}

func TestDescribeKeepsTheContract(t *testing.T) {
	t.Parallel()
	s := &Store{where: "host"}
	for _, want := range []error{catalog.ErrConflict, catalog.ErrNotFound, catalog.ErrStaleEpoch} {
		if err := s.describe(want); !errors.Is(err, want) || failure.ClassOf(err) != failure.Internal {
			t.Errorf("describe(%v) = %v", want, err)
		}
	}
	held := failure.Errorf(failure.Held, "held")
	if err := s.describe(held); !errors.Is(err, held) {
		t.Errorf("describe(%v) = %v", held, err)
	}
}

func TestGuardOfArchives(t *testing.T) {
	t.Parallel()
	hold := func(kind catalog.HoldKind) func(*pointFacts) {
		return func(f *pointFacts) {
			f.holds = []catalog.Hold{{Kind: catalog.HoldArchive, Holder: "j"}, {Kind: kind, Holder: "k"}}
		}
	}
	for name, tc := range map[string]struct {
		edit func(*pointFacts)
		says string // empty: no guard fires
	}{
		"all is well":            {func(*pointFacts) {}, ""},
		"held for good":          {hold(catalog.HoldLegal), ""},
		"not there":              {func(f *pointFacts) { f.point = catalog.RecoveryPoint{} }, "not in the catalog"},
		"being deleted":          {func(f *pointFacts) { f.point.State = catalog.Expiring }, "is EXPIRING"},
		"another installation's": {func(f *pointFacts) { f.point.Installation = "" }, "installation"},
		"cold":                   {func(f *pointFacts) { f.point.Cold = true }, "already"},
		"being copied":           {hold(catalog.HoldCopy), "copy hold by k"},
		"being restored":         {hold(catalog.HoldRestore), "restore hold by k"},
		"the last warm one":      {func(f *pointFacts) { f.others, f.warm = 3, 0 }, "last one"},
	} {
		facts := pointFacts{
			point:  catalog.RecoveryPoint{ID: "p", State: catalog.Available, Installation: "acme", ResourceARN: "arn:x", Account: "1", Region: "r"},
			others: 1, warm: 1,
		}
		tc.edit(&facts)
		err := facts.guardArchive(catalog.Job{ID: "j", PointID: "p"}, "acme")
		switch {
		case tc.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.says != "" && (!failure.Is(err, failure.Held) || !strings.Contains(err.Error(), tc.says)):
			t.Errorf("%s: error %v, want class held and %q", name, err, tc.says)
		}
	}
}
