package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/internal/golden"

	"holdfast/catalog"
	"holdfast/catalog/sqlstore"
	"holdfast/driver"
	"holdfast/resource"
)

// noon is when the tests play.
var noon = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)

// paced is a clock on which sleeping takes no time: it moves on, and something happens.
type paced struct {
	mu      sync.Mutex
	now     time.Time
	onSleep func(nth int)
	slept   int
}

func (p *paced) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *paced) Sleep(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	p.now = p.now.Add(d)
	p.slept++
	nth, happens := p.slept, p.onSleep
	p.mu.Unlock()
	if happens != nil {
		happens(nth)
	}
	return ctx.Err()
}

// office is an installation whose catalog is on disk and whose commands run in-process.
type office struct {
	t        *testing.T
	dir      string
	store    *sqlstore.Store
	clock    *paced
	terminal bool
}

const officeConfig = `installation: acme
catalog: {dsn: "sqlite:%s/holdfast.db"}
aws:
  regions: [eu-west-1, eu-central-1]
  accounts: {ids: ["111122223333", "444455556666"], units: ["111122223333=production"]}
policies: [policy.yaml]
`

const officePolicy = `plans:
  - name: production
    rules:
      - name: nightly
        schedule_expression: cron(0 2 * * ? *)
        target_backup_vault_name: default
        lifecycle: {delete_after_days: 35}
        recovery_point_tags: {cost-centre: backup}
        copy_actions:
          - destination_backup_vault_arn: arn:aws:backup:eu-central-1:$account:backup-vault:dr
            lifecycle: {delete_after_days: 90}
      - name: monthly
        schedule_expression: cron(0 3 1 * ? *)
        target_backup_vault_name: default
    selections:
      - name: volumes
        resources: ["arn:aws:ec2:*:*:volume/*"]
  - name: empty
    rules:
      - name: weekly
        schedule_expression: cron(0 4 ? * SUN *)
        target_backup_vault_name: default
    selections:
      - name: none
        resources: ["arn:aws:dynamodb:*:*:table/nothing-*"]
`

// newOffice returns an installation with an inventory and no jobs.
func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), clock: &paced{now: noon}}
	o.write("holdfast.yaml", fmt.Sprintf(officeConfig, o.dir))
	o.write("policy.yaml", officePolicy)
	store, err := sqlstore.Open(t.Context(), "sqlite:"+o.dir+"/holdfast.db", sqlstore.Options{Clock: o.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	o.store = store
	if _, err := store.Installation(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	o.stock()
	return o
}

func (o *office) write(name, text string) {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	o.must(os.MkdirAll(filepath.Dir(path), 0o700))
	o.must(os.WriteFile(path, []byte(text), 0o600))
}

// must fails the test on an error of the catalog.
func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

const (
	ordersARN = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-orders"
	ledgerARN = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-ledger"
	brokenARN = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-broken"
	goneARN   = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-gone"
	tableARN  = "arn:aws:dynamodb:eu-west-1:444455556666:table/Orders"
)

func volume(arn string) resource.Resource {
	return resource.Resource{
		ARN: arn, Kind: resource.EBS, Account: "111122223333", Region: "eu-west-1", Name: arn[strings.Index(arn, "vol-"):],
		Settings: json.RawMessage(`{"availability_zone":"eu-west-1a","volume_type":"gp3","size_gib":100,"iops":3000,"encrypted":false}`),
	}
}

// stock lists three volumes, one that cannot be backed up, one that is gone, and a table.
func (o *office) stock() {
	o.t.Helper()
	broken := volume(brokenARN)
	broken.Unsupported = "it is in the recycle bin"
	table := resource.Resource{ARN: tableARN, Kind: resource.DynamoDB, Account: "444455556666", Region: "eu-west-1", Name: "Orders",
		Settings: json.RawMessage(`{"billing_mode":"PAY_PER_REQUEST","point_in_time":true,"point_in_time_days":7,"ttl_attribute":"expires_at"}`)}
	volumes := catalog.InventoryScope{Partition: "aws", Account: "111122223333", Region: "eu-west-1", Kind: resource.EBS}
	tables := catalog.InventoryScope{Partition: "aws", Account: "444455556666", Region: "eu-west-1", Kind: resource.DynamoDB}
	for i, s := range []catalog.InventorySync{
		{Scope: volumes, Complete: true, Resources: []resource.Resource{volume(ordersARN), volume(ledgerARN), volume(goneARN), broken}},
		{Scope: volumes, Complete: true, Resources: []resource.Resource{volume(ordersARN), volume(ledgerARN), broken}},
		{Scope: tables, Complete: true, Resources: []resource.Resource{table}},
	} {
		s.StartedAt = noon.Add(time.Duration(i-10) * time.Minute)
		s.EndedAt = s.StartedAt.Add(time.Second)
		o.must(o.store.SyncInventory(o.t.Context(), s))
	}
}

// insert stores a backup job of arn under id, created age ago.
func (o *office) insert(id, arn string, age time.Duration, edit func(*catalog.Job)) catalog.Job {
	o.t.Helper()
	item, err := o.store.Resource(o.t.Context(), arn)
	o.must(err)
	job := catalog.NewBackup(id, item.Resource, "aws", "scheduler", noon.Add(-age))
	job.Plan, job.Rule = "production", "nightly"
	if edit != nil {
		edit(&job)
	}
	_, err = o.store.InsertJobs(o.t.Context(), []catalog.Job{job})
	o.must(err)
	return o.job(id)
}

func (o *office) job(id string) catalog.Job {
	o.t.Helper()
	job, err := o.store.Job(context.WithoutCancel(o.t.Context()), id)
	o.must(err)
	return job
}

// move commits the next state of a job, as a worker would.
func (o *office) move(id string, to catalog.State, edit func(*catalog.Mutation)) catalog.Job {
	o.t.Helper()
	job := o.job(id)
	m, err := catalog.Change(job, to, o.clock.Now(), "worker-1", nil)
	o.must(err)
	if to == catalog.Running && job.State == catalog.Created {
		m.Job.StartedAt, m.Job.Ref, m.Job.Progress = o.clock.Now(), driver.Ref("snap-"+id[:6]), 10
	}
	if edit != nil {
		edit(&m)
	}
	after, err := o.store.Commit(context.WithoutCancel(o.t.Context()), m)
	o.must(err)
	return after
}

// complete ends a backup or copy with a recovery point and its follow-up copies.
func (o *office) complete(id string) catalog.RecoveryPoint {
	o.t.Helper()
	job := o.job(id)
	if job.State == catalog.Created {
		job = o.move(id, catalog.Running, nil)
	}
	seen := driver.Point{Ref: job.Ref, ARN: "arn:aws:ec2:" + job.Region + "::snapshot/" + string(job.Ref), CreatedAt: job.CreatedAt, SizeBytes: 100 << 30}
	point := catalog.CompletedPoint(job, seen, volume(job.ResourceARN), "acme", job.CreatedAt.Add(10*time.Minute))
	o.move(id, catalog.Completed, func(m *catalog.Mutation) {
		m.Points = []catalog.RecoveryPoint{point}
		m.FollowUps = catalog.FollowUpCopies(m.Job, point, driver.Descriptor{CopyRegion: true}, point.CompletedAt)
	})
	return point
}

// answer is how one command ended.
type answer struct {
	code           int
	stdout, stderr string
}

// run runs one command line with the office's configuration.
func (o *office) run(args ...string) answer {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(o.t.Context(), Env{
		Args: append([]string{"holdfast"}, args...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Environ: []string{"USER=ana"}, Terminal: o.terminal, Clock: o.clock,
	}.withConfig(filepath.Join(o.dir, "holdfast.yaml")))
	clean := func(b bytes.Buffer) string { return strings.ReplaceAll(b.String(), o.dir, "DIR") }
	return answer{code, clean(stdout), clean(stderr)}
}

// withConfig names the configuration where a command takes one.
func (e Env) withConfig(file string) Env {
	e.Args = append(e.Args, "--config", file)
	return e
}

// transcript runs commands one after another and compares everything they print with a
// golden file.
func (o *office) transcript(name string, commands ...[]string) {
	o.t.Helper()
	var b strings.Builder
	for _, args := range commands {
		a := o.run(args...)
		fmt.Fprintf(&b, "$ holdfast %s\n%s", strings.ReplaceAll(strings.Join(args, " "), o.dir, "DIR"), a.stdout)
		if a.stderr != "" {
			fmt.Fprintf(&b, "--- stderr\n%s", a.stderr)
		}
		fmt.Fprintf(&b, "--- exit %d\n\n", a.code)
	}
	golden.Text(o.t, filepath.Join("testdata", name+".golden"), trimLines(b.String()))
}

// trimLines drops blanks at the ends of lines: tables have them, files must not.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// say splits a command line at its blanks.
func say(line string, extra ...string) []string { return append(strings.Fields(line), extra...) }

// snapshot counts everything a command could change.
func (o *office) snapshot() string {
	o.t.Helper()
	jobs, err := o.store.CountJobs(o.t.Context(), catalog.JobFilter{})
	o.must(err)
	events, err := o.store.Events(o.t.Context(), catalog.EventFilter{Limit: 1000})
	o.must(err)
	points, err := o.store.CountPoints(o.t.Context())
	o.must(err)
	return fmt.Sprintf("jobs %v events %d points %v", jobs, len(events), points)
}
