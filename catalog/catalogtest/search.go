package catalogtest

import (
	"fmt"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

var searchChecks = map[string]func(*testing.T, Open){
	"search-jobs-by-every-field": searchJobsByField,
	"search-jobs-by-text":        searchJobsByText,
	"search-jobs-in-windows":     searchJobsInWindows,
	"search-jobs-by-state":       searchJobsByState,
	"search-points":              searchPoints,
	"search-events":              searchEvents,
	"protection":                 protectionOfResources,
	"open-and-ill-jobs":          openAndIllJobs,
}

// found returns the ids of a search's only page.
func found(t *testing.T, s catalog.Store, f catalog.JobFilter) []string {
	t.Helper()
	page, err := s.SearchJobs(testContext(t), f)
	if err != nil {
		t.Fatalf("SearchJobs(%+v): %v", f, err)
	}
	if page.Next != "" {
		t.Errorf("SearchJobs(%+v) goes on after %s", f, page.Next)
	}
	return ids(page.Jobs)
}

func searchJobsByField(t *testing.T, open Open) {
	s := open(t)
	jobs := backups(0, 3)
	jobs[1].CreatedBy, jobs[1].RetryOf, jobs[1].Engine, jobs[1].FireAt = "alice", "old", driver.Native, epoch0.Add(time.Hour)
	insert(t, s, jobs...)
	one := []string{jobs[1].ID}
	for name, f := range map[string]catalog.JobFilter{
		"creator": {CreatedBy: "alice"}, "retry": {RetryOf: "old"}, "fire": {FireAt: epoch0.Add(time.Hour)},
		"engine": {Engines: []driver.Engine{driver.Native}}, "resource": {ResourceARN: jobs[1].ResourceARN},
	} {
		same(t, name, one, found(t, s, f))
	}
	same(t, "no filter", []string{jobs[2].ID, jobs[1].ID, jobs[0].ID}, found(t, s, catalog.JobFilter{}))
	page, err := s.SearchJobs(testContext(t), catalog.JobFilter{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "first page goes on", catalog.More{Next: jobs[1].ID}, page.More)
	same(t, "second page", []string{jobs[0].ID}, found(t, s, catalog.JobFilter{Limit: 2, After: page.Next}))
	_, err = s.SearchJobs(testContext(t), catalog.JobFilter{After: "gone"})
	fails(t, "page after a job that is gone", err, catalog.ErrNotFound)
}

func searchJobsByText(t *testing.T, open Open) {
	s := open(t)
	jobs := backups(0, 3)
	jobs[1].State, jobs[1].EndedAt, jobs[1].Class, jobs[1].Message = catalog.Failed, epoch0, failure.Denied, `100% "Denied" by a_b`
	insert(t, s, jobs...)
	err := s.SyncInventory(testContext(t), catalog.InventorySync{
		Scope:     catalog.InventoryScope{Partition: "aws", Account: account, Region: region, Kind: resource.EBS},
		StartedAt: epoch0, EndedAt: epoch0, Complete: true,
		Resources: []resource.Resource{{ARN: jobs[2].ResourceARN, Kind: resource.EBS, Account: account, Region: region, Name: "Orders"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"orders":       {jobs[2].ID},
		"vol-0002":     {jobs[2].ID},
		"vol-0001":     {jobs[1].ID},
		"denied":       {jobs[1].ID},
		`"DENIED" 100`: {jobs[1].ID},
		"100%":         {jobs[1].ID},
		"a_b":          {jobs[1].ID},
		"a%b":          nil,
		"axb":          nil,
		"orders no":    nil,
		jobs[0].ID[:9]: {jobs[0].ID},
		"\x00' OR 1=1": nil,
		"daily":        {jobs[2].ID, jobs[1].ID, jobs[0].ID},
	} {
		same(t, fmt.Sprintf("text %q", text), want, found(t, s, catalog.JobFilter{Text: text}))
	}
}

// searchJobsInWindows looks for one job among more than one page's search looks at.
func searchJobsInWindows(t *testing.T, open Open) {
	s := open(t)
	jobs := backups(0, 10_003)
	jobs[1].CreatedBy = "alice"
	insert(t, s, jobs...)
	f := catalog.JobFilter{CreatedBy: "alice"}
	page, err := s.SearchJobs(testContext(t), f)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Jobs) != 0 || page.Next != jobs[3].ID || !page.Searched.Equal(jobs[3].CreatedAt) {
		t.Errorf("first window found %v and goes on after %+v", ids(page.Jobs), page.More)
	}
	f.After = page.Next
	same(t, "second window", []string{jobs[1].ID}, found(t, s, f))
	f.After, f.Account = "", account
	page, err = s.SearchJobs(testContext(t), f)
	if err != nil || len(page.Jobs) != 0 || page.Next != jobs[3].ID {
		t.Errorf("first window of an account found %v and goes on after %+v, %v", ids(page.Jobs), page.More, err)
	}
	f.After = page.Next
	same(t, "second window of an account", []string{jobs[1].ID}, found(t, s, f))
	f.After, f.ResourceARN = "", jobs[1].ResourceARN
	same(t, "all of a resource", []string{jobs[1].ID}, found(t, s, f))
	page, err = s.SearchJobs(testContext(t), catalog.JobFilter{States: []catalog.State{catalog.Created}, CreatedBy: "alice"})
	if err != nil || page.Next != jobs[3].ID {
		t.Errorf("of many open jobs a page looks on after %+v, %v; want a window", page.More, err)
	}
}

// searchJobsByState looks for jobs by every sort of state, page by page.
func searchJobsByState(t *testing.T, open Open) {
	s := open(t)
	jobs := backups(0, 6)
	insert(t, s, jobs...)
	change(t, s, jobs[0].ID, catalog.Failed, func(j *catalog.Job) { j.Class = failure.Denied })
	change(t, s, jobs[1].ID, catalog.Expired, func(*catalog.Job) {})
	change(t, s, jobs[2].ID, catalog.Running, started)
	change(t, s, jobs[3].ID, catalog.Failed, func(j *catalog.Job) { j.Class = failure.Busy })
	for name, row := range map[string]struct {
		filter catalog.JobFilter
		want   []string
	}{
		"failed":             {catalog.JobFilter{States: []catalog.State{catalog.Failed}}, []string{jobs[3].ID, jobs[0].ID}},
		"failed of a class":  {catalog.JobFilter{States: []catalog.State{catalog.Failed}, Classes: []failure.Class{failure.Denied}}, []string{jobs[0].ID}},
		"not well":           {catalog.JobFilter{States: []catalog.State{catalog.Failed, catalog.Expired}}, []string{jobs[3].ID, jobs[1].ID, jobs[0].ID}},
		"not well, account":  {catalog.JobFilter{States: []catalog.State{catalog.Failed, catalog.Expired}, Account: account}, []string{jobs[3].ID, jobs[1].ID, jobs[0].ID}},
		"not well, after":    {catalog.JobFilter{States: []catalog.State{catalog.Failed, catalog.Expired}, After: jobs[3].ID}, []string{jobs[1].ID, jobs[0].ID}},
		"partial":            {catalog.JobFilter{States: []catalog.State{catalog.Partial}}, nil},
		"open":               {catalog.JobFilter{States: []catalog.State{catalog.Created, catalog.Running}}, []string{jobs[5].ID, jobs[4].ID, jobs[2].ID}},
		"running":            {catalog.JobFilter{States: []catalog.State{catalog.Running}}, []string{jobs[2].ID}},
		"waiting, after":     {catalog.JobFilter{States: []catalog.State{catalog.Created}, After: jobs[5].ID}, []string{jobs[4].ID}},
		"open or not well":   {catalog.JobFilter{States: []catalog.State{catalog.Running, catalog.Failed}}, []string{jobs[3].ID, jobs[2].ID, jobs[0].ID}},
		"failed, by a plan":  {catalog.JobFilter{States: []catalog.State{catalog.Failed}, Plan: jobs[0].Plan}, []string{jobs[3].ID, jobs[0].ID}},
		"failed, other plan": {catalog.JobFilter{States: []catalog.State{catalog.Failed}, Plan: "none"}, nil},
		"failed, by text":    {catalog.JobFilter{States: []catalog.State{catalog.Failed}, Text: "busy"}, []string{jobs[3].ID}},
		"a plan":             {catalog.JobFilter{Plan: jobs[0].Plan, Types: []driver.Operation{driver.Copy}}, nil},
	} {
		same(t, name, row.want, found(t, s, row.filter))
	}
}

func searchPoints(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	first, second := pointOf(t, s, 1, 0), pointOf(t, s, 2, 1)
	hold := catalog.Hold{PointID: first.ID, Kind: catalog.HoldLegal, Holder: "case-7", CreatedAt: epoch0}
	if err := s.AddHold(ctx, hold, "alice"); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		filter catalog.PointFilter
		want   []string
	}{
		"all":    {catalog.PointFilter{}, []string{second.ID, first.ID}},
		"held":   {catalog.PointFilter{Held: true}, []string{first.ID}},
		"text":   {catalog.PointFilter{Text: "vol-0002"}, []string{second.ID}},
		"aws id": {catalog.PointFilter{Text: string(first.Ref)}, []string{first.ID}},
		"rule":   {catalog.PointFilter{Rule: "hourly"}, nil},
		"vault":  {catalog.PointFilter{Vault: "default", Engines: []driver.Engine{driver.AWSBackup}}, []string{second.ID, first.ID}},
		"until":  {catalog.PointFilter{Until: second.CreatedAt}, []string{first.ID}},
		"since":  {catalog.PointFilter{Since: second.CreatedAt}, []string{second.ID}},
	} {
		page, err := s.SearchPoints(ctx, row.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, p := range page.Points {
			got = append(got, p.ID)
		}
		same(t, name, row.want, got)
	}
	holds, err := s.HeldPoints(ctx, catalog.HoldLegal, 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "held points", []catalog.Hold{hold}, holds)
	of, err := s.HoldsOf(ctx, []string{first.ID, second.ID})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "holds of points", map[string][]catalog.Hold{first.ID: {hold}}, of)
}

func searchEvents(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	last, err := s.LastEvent(ctx)
	if err != nil || last != 0 {
		t.Errorf("LastEvent of an empty history = %d, %v", last, err)
	}
	insert(t, s, backups(0, 3)...)
	if _, err := s.SetCap(ctx, "account=*", 7, "alice", -1); err != nil {
		t.Fatal(err)
	}
	if last, err = s.LastEvent(ctx); err != nil || last == 0 {
		t.Fatalf("LastEvent = %d, %v", last, err)
	}
	for name, row := range map[string]struct {
		filter catalog.EventSearch
		want   int
	}{
		"all": {catalog.EventSearch{}, 4}, "type": {catalog.EventSearch{Type: "cap.set"}, 1}, "sort": {catalog.EventSearch{Type: "job"}, 3},
		"actor": {catalog.EventSearch{Actor: "alice"}, 1}, "text": {catalog.EventSearch{Text: "ALI"}, 1},
		"job": {catalog.EventSearch{JobID: backup(1).ID}, 1}, "not a type": {catalog.EventSearch{Type: "jo"}, 0},
		"none before": {catalog.EventSearch{Until: epoch0.AddDate(-1, 0, 0)}, 0},
	} {
		page, err := s.SearchEvents(ctx, row.filter)
		if err != nil || len(page.Events) != row.want || page.Next != 0 {
			t.Errorf("%s: %d events, next %d, %v; want %d", name, len(page.Events), page.Next, err, row.want)
		}
	}
	first, err := s.SearchEvents(ctx, catalog.EventSearch{Limit: 3})
	if err != nil || first.Next == 0 || first.Events[0].Seq != last {
		t.Fatalf("first page = %+v, %v", first, err)
	}
	second, err := s.SearchEvents(ctx, catalog.EventSearch{Limit: 3, Before: first.Next})
	if err != nil || len(second.Events) != 1 || second.Next != 0 {
		t.Errorf("second page = %+v, %v", second, err)
	}
}

func protectionOfResources(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	p := pointOf(t, s, 1, 0)
	newer := pointOf(t, s, 1, 3)
	pointOf(t, s, 2, 0)
	insert(t, s, backup(9)) // has no point yet
	var got []catalog.Protection
	err := s.Protection(ctx, func(p catalog.Protection) error { got = append(got, p); return nil })
	if err != nil || len(got) != 2 {
		t.Fatalf("Protection = %+v, %v; want two resources", got, err)
	}
	same(t, "protection", catalog.Protection{ResourceARN: p.ResourceARN, Points: 2, Last: newer.CreatedAt}, got[0])
}

func openAndIllJobs(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	jobs := backups(0, 5)
	insert(t, s, jobs...)
	change(t, s, jobs[0].ID, catalog.Running, started)
	change(t, s, jobs[1].ID, catalog.Failed, func(j *catalog.Job) { j.Class = failure.Denied })
	groups, err := s.OpenJobs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := map[catalog.State]int{}
	for _, g := range groups {
		n[g.State] += g.Jobs
		if g.Plan != "Daily" || g.Rule != "nightly" || g.Account != account || !g.FireAt.Equal(epoch0) {
			t.Errorf("group %+v", g)
		}
		if want := jobs[2].StartBy; g.State == catalog.Created && !g.Deadline.Equal(want) {
			t.Errorf("the first start window ends at %v, want %v", g.Deadline, want)
		}
	}
	same(t, "open jobs", map[catalog.State]int{catalog.Running: 1, catalog.Created: 3}, n)
	ill, err := s.IllJobs(ctx, epoch0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ill jobs", []catalog.IllGroup{{
		Type: driver.Backup, State: catalog.Failed, Class: "denied", Account: account, Plan: "Daily", Rule: "nightly",
		FireAt: epoch0, Jobs: 1, Last: jobs[1].CreatedAt, Example: jobs[1].ID,
	}}, ill)
	if ill, err = s.IllJobs(ctx, epoch0.Add(time.Hour)); err != nil || len(ill) != 0 {
		t.Errorf("ill jobs of later = %v, %v", ill, err)
	}
}
