package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/config"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/notify"
	"holdfast/resource"
	"holdfast/tasks"
)

var night = time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC)

// post is a world of notifications: a catalog, a queue that is a list, and targets that
// keep what they get.
type post struct {
	t       *testing.T
	store   *sqlstore.Store
	clock   *clock.Manual
	cfg     config.Notifications
	queued  map[string]tasks.Notify
	archive map[string]bool
	got     map[string][]notify.Message
	fail    func(target string) error
}

func newPost(t *testing.T, n config.Notifications) *post {
	t.Helper()
	p := &post{
		t: t, clock: clock.NewManual(night), cfg: n, queued: map[string]tasks.Notify{}, archive: map[string]bool{},
		got: map[string][]notify.Message{}, fail: func(string) error { return nil },
	}
	p.cfg.GroupWait, p.cfg.GroupInterval = 30*time.Second, 15*time.Minute
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"), sqlstore.Options{Clock: p.clock})
	p.must(err)
	t.Cleanup(func() { _ = store.Close() })
	p.store = store
	p.pass() // begins the cursor
	return p
}

func (p *post) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// PutMessage implements notify.Queue.
func (p *post) PutMessage(_ context.Context, t tasks.Envelope) (bool, error) {
	if p.archive[t.ID] {
		return true, nil
	}
	var payload tasks.Notify
	p.must(tasks.Decode(t.Payload, &payload))
	p.queued[t.ID] = payload
	return false, nil
}

func (p *post) watcher() *notify.Watcher {
	units := func(account string) []string {
		if account == accountOf(1) {
			return []string{"production", "production/web"}
		}
		return nil
	}
	return notify.NewWatcher(p.store, p, p.cfg, units, p.clock, zerolog.Nop())
}

func (p *post) pass() {
	p.t.Helper()
	p.must(p.watcher().Run(p.t.Context()))
}

type box struct {
	p    *post
	name string
}

func (b box) Send(_ context.Context, m notify.Message) error {
	if err := b.p.fail(b.name); err != nil {
		return err
	}
	b.p.got[b.name] = append(b.p.got[b.name], m)
	return nil
}

// deliver runs every queued task once and returns the errors.
func (p *post) deliver(last bool) (errs []error) {
	p.t.Helper()
	targets := map[string]notify.Target{}
	for _, t := range p.cfg.Targets {
		targets[t.Name] = box{p, t.Name}
	}
	templates, problems := notify.ReadTemplates(&config.Config{Notifications: p.cfg})
	if len(problems) > 0 {
		p.t.Fatal(problems)
	}
	d := notify.NewDeliverer(p.store, targets, templates, "acme", p.clock, zerolog.Nop())
	for id, task := range p.queued {
		err := d.Deliver(p.t.Context(), task.ID, notify.Attempt{Round: task.Round, Last: last})
		if err != nil {
			errs = append(errs, err)
		}
		if err == nil || errors.Is(err, notify.ErrGivenUp) {
			delete(p.queued, id)
			p.archive[id] = err != nil
		}
	}
	return errs
}

// settle lets groups close and delivers them.
func (p *post) settle() {
	p.t.Helper()
	p.pass()
	p.clock.Advance(31 * time.Second)
	p.pass()
	p.deliver(false)
}

func accountOf(n int) string { return fmt.Sprintf("%012d", n) }

// end inserts n jobs of an account and ends them in state.
func (p *post) end(account, n int, state catalog.State, class failure.Class, edit func(*catalog.Job)) {
	p.t.Helper()
	jobs := make([]catalog.Job, n)
	for i := range jobs {
		arn := fmt.Sprintf("arn:aws:ec2:eu-west-1:%s:volume/vol-%s-%d", accountOf(account), strings.ToLower(string(state)), i)
		r := resource.Resource{ARN: arn, Kind: resource.EBS, Account: accountOf(account), Region: "eu-west-1"}
		jobs[i] = catalog.NewBackup(catalog.JobID(arn, p.clock.Now().String()), r, "aws", "scheduler", p.clock.Now())
		jobs[i].Plan, jobs[i].Rule, jobs[i].Spec.Vault = "daily", "nightly", "default"
		if edit != nil {
			edit(&jobs[i])
		}
	}
	_, err := p.store.InsertJobs(p.t.Context(), jobs)
	p.must(err)
	for _, j := range jobs {
		stored, err := p.store.Job(p.t.Context(), j.ID)
		p.must(err)
		if state == catalog.Completed {
			m, err := catalog.Change(stored, catalog.Running, p.clock.Now(), "worker", nil)
			p.must(err)
			stored, err = p.store.Commit(p.t.Context(), m)
			p.must(err)
		}
		m, err := catalog.Change(stored, state, p.clock.Now(), "worker", func(j *catalog.Job) { j.Class, j.Message = class, "AccessDenied" })
		p.must(err)
		_, err = p.store.Commit(p.t.Context(), m)
		p.must(err)
	}
}

func slackTo(names ...string) config.Notifications {
	var n config.Notifications
	for _, name := range names {
		n.Targets = append(n.Targets, config.NotificationTarget{Name: name, Type: config.TargetSlack})
	}
	return n
}

func titles(messages []notify.Message) (list []string) {
	for _, m := range messages {
		list = append(list, m.Title)
	}
	return list
}

// One message tells of a breaker and one of the thousands of jobs that ran out of time
// behind it.
func TestNoStorm(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat"))
	p.must(p.store.SetBreaker(t.Context(), catalog.Breaker{Account: accountOf(1), OpenSince: night, Failures: 3, Message: "AccessDenied"}, "worker"))
	p.end(1, 2500, catalog.Expired, failure.Window, nil)
	p.settle()
	if len(p.got["chat"]) != 2 {
		t.Fatalf("%d messages for one breaker: %q", len(p.got["chat"]), titles(p.got["chat"]))
	}
	found := map[string]notify.Message{}
	for _, m := range p.got["chat"] {
		found[m.Title] = m
	}
	jobs, ok := found["2500 jobs EXPIRED (window) in account 000000000001"]
	if _, breaker := found["Account 000000000001: its role fails, nothing is started there"]; !ok || !breaker {
		t.Fatalf("the messages are %q", titles(p.got["chat"]))
	}
	if jobs.Count != 2500 || len(jobs.Events) != 10 || jobs.More() != 2490 || jobs.States["EXPIRED"] != 2500 || !strings.Contains(jobs.Text, "... and 2490 more") {
		t.Errorf("the message of the jobs is %+v", jobs)
	}
	// What goes on is told again after a while, not at once.
	p.end(1, 3, catalog.Expired, failure.Window, func(j *catalog.Job) { j.ID = catalog.JobID("again", j.ID) })
	p.settle()
	if len(p.got["chat"]) != 2 {
		t.Errorf("the group is told again after half a minute: %q", titles(p.got["chat"]))
	}
	p.clock.Advance(15 * time.Minute)
	p.pass()
	p.deliver(false)
	if len(p.got["chat"]) != 3 || p.got["chat"][2].Count != 3 {
		t.Errorf("after a quarter of an hour the messages are %q", titles(p.got["chat"]))
	}
}

// When everything fails everywhere, the number of messages is bounded all the same.
func TestOrganizationWideFailureIsBounded(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat"))
	for account := range 260 {
		p.end(account, 1, catalog.Failed, failure.KMS, nil)
	}
	p.settle()
	messages, total := p.got["chat"], 0
	for _, m := range messages {
		total += m.Count
	}
	if len(messages) != 201 || total != 260 {
		t.Errorf("%d messages tell of %d events, want 201 and 260", len(messages), total)
	}
}

// What went well is nobody's news, except for machines.
func TestWhoIsToldWhat(t *testing.T) {
	t.Parallel()
	n := slackTo("chat")
	n.Targets = append(n.Targets,
		config.NotificationTarget{Name: "bus", Type: config.TargetEventBridge},
		config.NotificationTarget{Name: "metrics", Type: config.TargetCloudWatch})
	p := newPost(t, n)
	p.end(1, 120, catalog.Completed, "", nil)
	p.end(1, 1, catalog.Aborted, "", nil) // somebody's own doing
	p.settle()
	if len(p.got["chat"]) != 0 {
		t.Errorf("people are told %q", titles(p.got["chat"]))
	}
	events, states := 0, map[string]int{}
	for _, m := range p.got["bus"] {
		events += len(m.Events)
		for _, e := range m.Events {
			states[e.State]++
			if e.Job == nil || string(e.Job.State) != e.State {
				t.Fatalf("the event is %+v", e)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"CREATED": 121, "RUNNING": 120, "COMPLETED": 120, "ABORTED": 1}, states); diff != "" || len(p.got["bus"]) != 4 {
		t.Errorf("%d events in %d messages went on the bus:\n%s", events, len(p.got["bus"]), diff)
	}
	counts := map[string]int{}
	for _, m := range p.got["metrics"] {
		for _, s := range m.Metrics {
			counts[s.Metric] += s.Count
			if s.ResourceType != "EBS" || s.Vault != "default" || !s.Minute.Equal(night) {
				t.Errorf("the sample is %+v", s)
			}
		}
	}
	want := map[string]int{
		"NumberOfBackupJobsCreated": 121, "NumberOfBackupJobsRunning": 120, "NumberOfBackupJobsCompleted": 120,
		"NumberOfRecoveryPointsCompleted": 120, "NumberOfBackupJobsAborted": 1,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		route config.NotificationRoute
		want  int // of the ten jobs below
	}{
		"problems":        {config.NotificationRoute{}, 6},
		"everything":      {config.NotificationRoute{Events: config.EventsAll}, 24},
		"an account":      {config.NotificationRoute{Accounts: []string{accountOf(2)}}, 2},
		"a unit":          {config.NotificationRoute{Units: []string{"production"}}, 4},
		"a unit inside":   {config.NotificationRoute{Units: []string{"production/web"}}, 4},
		"an unknown unit": {config.NotificationRoute{Units: []string{"test"}}, 0},
		"a class":         {config.NotificationRoute{Classes: []string{"kms"}}, 4},
		"a state":         {config.NotificationRoute{States: []string{"EXPIRED"}}, 2},
		"a plan":          {config.NotificationRoute{Plans: []string{"DAILY"}}, 4},
		"a type":          {config.NotificationRoute{Types: []string{"copy"}}, 0},
		"a kind":          {config.NotificationRoute{Kinds: []string{"ebs"}}, 6},
		"a tag":           {config.NotificationRoute{Tags: []string{"team=web"}}, 1},
		"any value":       {config.NotificationRoute{Tags: []string{"team=*"}}, 2},
		"two conditions":  {config.NotificationRoute{Classes: []string{"kms"}, Accounts: []string{accountOf(2)}}, 0},
		"breakers only":   {config.NotificationRoute{Events: config.EventsBreaker}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := slackTo("chat")
			c.route.Targets = []string{"chat"}
			n.Routes = []config.NotificationRoute{c.route, c.route} // an event goes once to a target
			p := newPost(t, n)
			p.inventory(map[string]string{"vol-failed-0": "web", "vol-failed-1": "db"})
			p.end(1, 4, catalog.Failed, failure.KMS, nil)
			p.end(1, 4, catalog.Completed, "", nil)
			p.end(2, 2, catalog.Expired, failure.Window, func(j *catalog.Job) { j.Plan = "hourly" })
			p.settle()
			told := 0
			for _, m := range p.got["chat"] {
				told += m.Count
			}
			if told != c.want {
				t.Errorf("%d events are told, want %d", told, c.want)
			}
		})
	}
}

// inventory has volumes of account 1 with the tag team.
func (p *post) inventory(teams map[string]string) {
	p.t.Helper()
	s := catalog.InventorySync{
		Scope:     catalog.InventoryScope{Partition: "aws", Account: accountOf(1), Region: "eu-west-1", Kind: resource.EBS},
		StartedAt: night, EndedAt: night, Complete: true,
	}
	for id, team := range teams {
		s.Resources = append(s.Resources, resource.Resource{
			ARN: "arn:aws:ec2:eu-west-1:" + accountOf(1) + ":volume/" + id, Kind: resource.EBS, Account: accountOf(1), Region: "eu-west-1",
			Tags: map[string]string{"team": team},
		})
	}
	p.must(p.store.SyncInventory(p.t.Context(), s))
}

// A watcher killed between any two steps neither loses an event nor tells it twice.
func TestKilledBetweenSteps(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat"))
	p.end(1, 5, catalog.Failed, failure.KMS, nil)
	p.pass()
	p.pass()
	p.clock.Advance(31 * time.Second)
	p.pass()
	p.queued = map[string]tasks.Notify{} // Redis is emptied
	p.clock.Advance(2 * time.Minute)
	p.pass()
	p.pass()
	p.deliver(false)
	p.pass()
	p.deliver(false)
	if got := p.got["chat"]; len(got) != 1 || got[0].Count != 5 {
		t.Errorf("the messages are %q", titles(got))
	}
}

// A target that is down costs retries of its own messages, in the end a place among those
// that were given up, and nothing else.
func TestTargetThatIsDown(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat", "down"))
	p.fail = func(target string) error {
		if target == "down" {
			return failure.Errorf(failure.Transient, "connection refused")
		}
		return nil
	}
	p.end(1, 1, catalog.Failed, failure.KMS, nil)
	p.settle()
	if len(p.got["chat"]) != 1 || len(p.queued) != 1 {
		t.Fatalf("the other target got %q, %d tasks are left", titles(p.got["chat"]), len(p.queued))
	}
	if errs := p.deliver(true); len(errs) != 1 || !errors.Is(errs[0], notify.ErrGivenUp) {
		t.Fatalf("the last attempt: %v", errs)
	}
	dead, err := p.store.Notifications(t.Context(), catalog.NotificationFilter{States: []catalog.NotificationState{catalog.NotificationDead}})
	p.must(err)
	if len(dead) != 1 || dead[0].Attempts != 2 || !strings.Contains(dead[0].Error, "connection refused") {
		t.Fatalf("given up: %+v", dead)
	}
	p.pass()
	if len(p.queued) != 0 {
		t.Error("what was given up is tried again by itself")
	}
	p.fail = func(string) error { return nil }
	n, err := notify.Retry(t.Context(), p.store, p.clock.Now())
	if n != 1 || err != nil {
		t.Fatalf("Retry = %d, %v", n, err)
	}
	p.end(1, 1, catalog.Failed, failure.KMS, func(j *catalog.Job) { j.ID = catalog.JobID("later", j.ID) })
	p.pass()
	p.deliver(false)
	if got := p.got["down"]; len(got) != 1 || got[0].Count != 1 {
		t.Errorf("after a retry the target got %q", titles(got))
	}
	if _, err := notify.Retry(t.Context(), p.store, p.clock.Now(), dead[0].ID); !failure.Is(err, failure.Invalid) {
		t.Errorf("a message that was delivered is tried again: %v", err)
	}
}

func TestFinalRefusal(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat"))
	p.fail = func(string) error { return failure.Errorf(failure.Denied, "401") }
	p.end(1, 1, catalog.Failed, failure.KMS, nil)
	p.pass()
	p.clock.Advance(31 * time.Second)
	p.pass()
	if errs := p.deliver(false); len(errs) != 1 || !errors.Is(errs[0], notify.ErrGivenUp) {
		t.Errorf("a refusal for good is tried again: %v", errs)
	}
}

// A task that died with its worker is found, and its message with it.
func TestTaskThatDied(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat"))
	p.end(1, 1, catalog.Failed, failure.KMS, nil)
	p.pass()
	p.clock.Advance(31 * time.Second)
	p.pass()
	for id := range p.queued {
		p.archive[id] = true
	}
	p.clock.Advance(2 * time.Minute)
	p.pass()
	dead, err := p.store.Notifications(t.Context(), catalog.NotificationFilter{States: []catalog.NotificationState{catalog.NotificationDead}})
	if err != nil || len(dead) != 1 {
		t.Errorf("given up: %+v, %v", dead, err)
	}
}

func TestHistoryIsNotNews(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat"))
	p.end(1, 1, catalog.Failed, failure.KMS, nil)
	p.clock.Advance(25 * time.Hour)
	p.settle()
	if len(p.got["chat"]) != 0 {
		t.Errorf("a day later people are told %q", titles(p.got["chat"]))
	}
}

func TestRisksAreTold(t *testing.T) {
	t.Parallel()
	p := newPost(t, slackTo("chat"))
	r := catalog.Risk{Subject: "a/daily/nightly", Account: accountOf(1), Plan: "daily", Rule: "nightly", Count: 3, Message: "3 resources"}
	p.must(p.store.SetRisks(t.Context(), catalog.RiskRPO, []catalog.Risk{r}, p.clock.Now(), "scheduler"))
	p.settle()
	p.must(p.store.SetRisks(t.Context(), catalog.RiskRPO, nil, p.clock.Now(), "scheduler"))
	p.settle()
	want := []string{
		"Recovery point objective at risk, 000000000001, daily, nightly",
		"Over: Recovery point objective at risk, 000000000001, daily, nightly",
	}
	if diff := cmp.Diff(want, titles(p.got["chat"])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The JSON of a message is a contract with whoever receives it.
func TestMessageIsAContract(t *testing.T) {
	t.Parallel()
	m := notify.Samples()[0]
	m.Text = "text"
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "testdata/message.json", string(data)+"\n")
}

func TestBuiltInTexts(t *testing.T) {
	t.Parallel()
	n := slackTo("chat")
	templates, problems := notify.ReadTemplates(&config.Config{Notifications: n})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var all strings.Builder
	for _, m := range notify.Samples() {
		if err := templates["chat"].Execute(&all, m); err != nil {
			t.Fatal(err)
		}
		all.WriteString("----\n")
	}
	golden.Text(t, "testdata/texts.txt", all.String())
}
