package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver/all"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

func TestPointsCommand(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.insert(jobA, ordersARN, 48*time.Hour, nil)
	o.complete(jobA)
	o.insert(jobB, ordersARN, 24*time.Hour, nil)
	o.complete(jobB)
	o.transcript("points",
		say("points list"),
		say("points list --before 36h --output json"),
		say("points list --resource "+ledgerARN),
		say("points list --state deleted"),
		say("points show "+strings.ToUpper(jobA)),
		say("points show --output json", jobB),
	)
}

func TestPointsRefuses(t *testing.T) {
	t.Parallel()
	newOffice(t).transcript("points_refused",
		say("points list extra --state fine --account 12 --limit 0 --before yesterday"),
		say("points show nosuchpoint"),
		say("points show nosuchpoint --output json"),
		say("points show"),
		say("points shwo"),
	)
}

func TestInventoryList(t *testing.T) {
	t.Parallel()
	newOffice(t).transcript("inventory",
		say("inventory list"),
		say("inventory list --unprotected"),
		say("inventory list --account 444455556666 --output json"),
		say("inventory list --region us-east-1"),
		say("inventory list --kind floppy --account 12"),
	)
}

// serveSimulator serves a small organization until the test ends.
func serveSimulator(t *testing.T) (company *sim.Company, url string) {
	t.Helper()
	company, err := sim.Generate(sim.GenerateOptions{
		Accounts: 2, Regions: 1, Resources: 30, Seed: 1, Organization: sim.Options{Clock: clock.System(), Pace: 0.001},
	})
	if err != nil {
		t.Fatal(err)
	}
	return company, serve(t, company)
}

// serve serves company until the test ends.
func serve(t *testing.T, company *sim.Company) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sim.Serve(ctx, company.Organization, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

// simulate points the office at a simulated organization and the given accounts of it.
func (o *office) simulate(company *sim.Company, url string, accounts ...string) {
	o.t.Helper()
	o.write("holdfast.yaml", fmt.Sprintf("installation: acme\ncatalog: {dsn: \"sqlite:%s/holdfast.db\"}\npolicies: [policy.yaml]\n"+
		"aws:\n  simulator_url: %s\n  regions: [%s]\n  accounts: {ids: [%s]}\n",
		o.dir, url, strings.Join(company.Regions(), ", "), quoted(accounts)))
}

// A sync lists what is there; an account that is not makes the command say so.
func TestInventorySync(t *testing.T) {
	t.Parallel()
	company, url := serveSimulator(t)
	o := newOffice(t)
	o.simulate(company, url, company.Accounts()...)
	sync := o.run("inventory", "sync", "--output", "json")
	var out syncResult
	if err := json.Unmarshal([]byte(sync.stdout), &out); err != nil || sync.code != codeDone {
		t.Fatalf("exit %d, %v: %s%s", sync.code, err, sync.stdout, sync.stderr)
	}
	listed := map[resource.Kind]int{}
	for _, scope := range out.Scopes {
		listed[scope.Kind] += scope.Resources
	}
	for _, kind := range []resource.Kind{resource.EBS, resource.DynamoDB} { // some DB instances belong to clusters
		if listed[kind] == 0 || listed[kind] != company.Resources[kind] {
			t.Errorf("%s: %d are listed of %d", kind, listed[kind], company.Resources[kind])
		}
	}
	if want := len(company.Accounts()) * len(company.Regions()) * len(all.New(nil).Kinds()); out.Failed != 0 || len(out.Scopes) != want {
		t.Errorf("%+v, want %d scopes that are listed", out, want)
	}
	seen := 0
	o.must(o.store.Resources(t.Context(), catalog.ResourceFilter{Account: company.Accounts()[0]}, func(catalog.InventoryItem) error {
		seen++
		return nil
	}))
	if seen == 0 {
		t.Error("the catalog has no resource of the first account")
	}
	o.simulate(company, url, append(company.Accounts(), "999900001111")...)
	if a := o.run("inventory", "sync"); a.code != codeAttention || !strings.Contains(a.stdout, "999900001111") {
		t.Errorf("an account that does not exist: exit %d, want 3 and its name:\n%s%s", a.code, a.stdout, a.stderr)
	}
	if a := o.run("inventory", "sync", "--region", "mars-north-1", "--account", "1"); a.code != codeBadInput || strings.Count(a.stderr, "\n") != 2 {
		t.Errorf("exit %d, want 2 and both problems:\n%s", a.code, a.stderr)
	}
}

func TestLimitsCommand(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.insert(jobA, ordersARN, time.Hour, nil)
	o.move(jobA, catalog.Running, nil)
	o.transcript("limits",
		say("limits show"),
		say("limits set account=111122223333 concurrency=7"),
		say("limits set restores=* concurrency=0"),
		say("limits show --output json"),
		say("limits set account=111122223333 concurrency=0 --dry-run"),
		say("limits set account=111122223333 concurrency=default"),
		say("limits set account=111122223333 weight=3"),
		say("limits set unit=production concurrency=100 --output json"),
		say("limits set destination=444455556666/eu-central-1 concurrency=50"),
		say("limits show"),
		say("limits set account=111122223333 weight=default"),
		say("limits set unit=production concurrency=default"),
		say("limits set destination=444455556666/eu-central-1 concurrency=default"),
	)
	caps, _, err := o.store.Caps(t.Context())
	o.must(err)
	if len(caps) != 1 || caps[0].Key != "restores=*" || caps[0].Limit != 0 || caps[0].UpdatedBy != "ana" {
		t.Errorf("the catalog has %+v, want the pause of restores only", caps)
	}
}

// Two operators set the same cap: the second is told what the first did.
func TestLimitsOfTwoOperators(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	bob := func(limit int) {
		t.Helper()
		_, err := o.store.SetCap(t.Context(), "account=111122223333", limit, "bob", -1)
		o.must(err)
	}
	o.transcript("limits_conflict", say("limits set account=111122223333 concurrency=7 --expect-version 0"))
	bob(12)
	before := o.snapshot()
	o.transcript("limits_conflict_set", say("limits set account=111122223333 concurrency=9 --expect-version 1"))
	if after := o.snapshot(); after != before {
		t.Errorf("a refused command changed %s to %s", before, after)
	}
	bob(-1)
	o.transcript("limits_conflict_gone", say("limits set account=111122223333 concurrency=9 --expect-version 2 --output json"))
	caps, _, err := o.store.Caps(t.Context())
	o.must(err)
	if len(caps) != 0 {
		t.Errorf("the catalog has %+v, want nothing", caps)
	}
}

func TestLimitsRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.transcript("limits_refused",
		say("limits set"),
		say("limits set account=111122223333"),
		say("limits set account=12 concurrency=many"),
		say("limits set acount=111122223333 concurrency=4"),
		say("limits set account=111122223333 concurrency=-1"),
		say("limits set quota-floppy-backup=111122223333/eu-west-1 concurrency=4"),
		say("limits set account=111122223333 concurrency=4 more"),
		say("limits set account=111122223333 concurrency=99999999999999999999"),
		say("limits set account=111122223333 weight=0"),
		say("limits set restores=111122223333 weight=2"),
		say("limits set unit=sandbox concurrency=4"),
		say("limits set destination=nowhere concurrency=4 --expect-version -3"),
		say("limits show more --output json"),
	)
	if caps, _, err := o.store.Caps(t.Context()); err != nil || len(caps) != 0 {
		t.Errorf("refused commands changed the catalog: %+v, %v", caps, err)
	}
}
