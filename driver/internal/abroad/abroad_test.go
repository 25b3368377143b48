package abroad_test

import (
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	account, other = "111122223333", "444455556666"
	home, away     = "eu-west-1", "eu-central-1"
)

func scope(account, region string) resource.Scope {
	return resource.Scope{Partition: "aws", Account: account, Region: region}
}

// kinds are those whose native engine copies into other accounts.
var kinds = []resource.Kind{resource.EBS, resource.EC2, resource.RDS, resource.Aurora, resource.Neptune, resource.DocDB}

// lab is an organization with one resource of a kind.
type lab struct {
	t      *testing.T
	clock  *clock.Manual
	org    *sim.Organization
	driver driver.Driver
	source resource.Resource
	jobs   int
}

func newLab(t *testing.T, kind resource.Kind, b sim.Blueprint) *lab {
	t.Helper()
	l := &lab{t: t, clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))}
	var err error
	l.org, err = sim.New(sim.Options{
		Clock: l.clock, Accounts: []string{account, other}, Regions: []string{home, away}, Unthrottled: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Kind, b.Account, b.Region, b.Name = kind, account, home, "orders"
	if _, err := l.org.Create(b); err != nil {
		t.Fatal(err)
	}
	registry := all.New(l.org.Provider())
	var ok bool
	if l.driver, ok = registry.For(kind, driver.Native); !ok {
		t.Fatalf("no native driver of %s", kind)
	}
	err = l.driver.Discover(t.Context(), scope(account, home), func(r resource.Resource) error {
		l.source = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) mark() driver.Mark {
	l.jobs++
	return driver.Mark{Installation: "lab", JobID: strings.Repeat("j", 25) + string(rune('a'+l.jobs)), SourceARN: l.source.ARN, CreatedAt: l.clock.Now()}
}

// ended lets an operation end, and returns the point it left.
func (l *lab) ended(at resource.Scope, op driver.Operation, ref driver.Ref) catalog.RecoveryPoint {
	l.t.Helper()
	l.clock.Advance(3 * time.Hour)
	seen, err := l.driver.Look(l.t.Context(), driver.LookRequest{Scope: at, Operation: op, Refs: []driver.Ref{ref}})
	if err != nil || seen[ref].State != driver.Succeeded {
		l.t.Fatalf("%s %s is %+v, %v", op, ref, seen, err)
	}
	p := seen[ref].Point
	return catalog.RecoveryPoint{
		Partition: at.Partition, Account: at.Account, Region: at.Region, Ref: p.Ref, ARN: p.ARN,
		Encrypted: p.Encrypted, KMSKeyID: p.KMSKeyID,
	}
}

func (l *lab) backUp() catalog.RecoveryPoint {
	l.t.Helper()
	at := scope(account, home)
	ref, err := l.driver.Start(l.t.Context(), driver.StartRequest{Scope: at, Mark: l.mark(), Resource: l.source})
	if err != nil {
		l.t.Fatal(err)
	}
	return l.ended(at, driver.Backup, ref)
}

func (l *lab) request(p catalog.RecoveryPoint, to catalog.CopySpec) driver.CopyRequest {
	return driver.CopyRequest{
		Scope: scope(to.Account, to.Region), Mark: l.mark(), Source: p.Point(), SourceScope: p.Scope(),
		Resource: l.source, KMSKeyID: to.KMSKeyID,
	}
}

func (l *lab) copy(p catalog.RecoveryPoint, to catalog.CopySpec) catalog.RecoveryPoint {
	l.t.Helper()
	req := l.request(p, to)
	ref, err := l.driver.(driver.Copier).Copy(l.t.Context(), req)
	if err != nil {
		l.t.Fatalf("copy to %+v: %v", to, err)
	}
	made := l.ended(req.Scope, driver.Copy, ref)
	if err := l.driver.(driver.CopyFinisher).FinishCopy(l.t.Context(), req); err != nil {
		l.t.Fatalf("finish the copy to %+v: %v", to, err)
	}
	return made
}

func (l *lab) wantUnshared() {
	l.t.Helper()
	for _, a := range l.org.Artefacts() {
		if len(a.SharedWith) > 0 {
			l.t.Errorf("%s is still shared with %v", a.ID, a.SharedWith)
		}
	}
}

// TestWhateverIsEncryptedFindsAWay follows the route of a point into another account and
// region, for every kind and every way to encrypt.
func TestWhateverIsEncryptedFindsAWay(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		for name, b := range map[string]sim.Blueprint{
			"AWS's key": {Encrypted: true}, "a customer's key": {Encrypted: true, CustomerKey: true}, "not encrypted": {},
		} {
			for _, to := range []resource.Scope{scope(other, home), scope(other, away)} {
				t.Run(string(kind)+"/"+name+"/"+to.Region, func(t *testing.T) {
					t.Parallel()
					l := newLab(t, kind, b)
					point := l.backUp()
					if got := driver.IsAWSManagedKey(point.KMSKeyID); got != (b.Encrypted && !b.CustomerKey) {
						t.Fatalf("the point's key is %q", point.KMSKeyID)
					}
					next := []catalog.CopySpec{{Account: to.Account, Region: to.Region}}
					for hops := 0; len(next) > 0; hops++ {
						if hops > 3 {
							t.Fatal("the way never ends")
						}
						var first catalog.CopySpec
						first, next = catalog.Route(point, next[0], l.driver.Descriptor())
						point = l.copy(point, first)
					}
					if point.Scope() != to || point.Encrypted != b.Encrypted {
						t.Errorf("the way ends with %+v", point)
					}
					l.wantUnshared()
				})
			}
		}
	}
}

// TestAWSsKeyIsRefusedAbroad: without the hop, AWS refuses, and nothing stays shared.
func TestAWSsKeyIsRefusedAbroad(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, kind, sim.Blueprint{Encrypted: true})
			req := l.request(l.backUp(), catalog.CopySpec{Account: other, Region: home})
			ref, err := l.driver.(driver.Copier).Copy(t.Context(), req)
			if !failure.Is(err, failure.KMS) || !strings.Contains(err.Error(), "customer managed key") {
				t.Errorf("copy = %q, %v, want class kms and what to do", ref, err)
			}
			if err := l.driver.(driver.CopyFinisher).FinishCopy(t.Context(), req); err != nil {
				t.Errorf("finish: %v", err)
			}
			l.wantUnshared()
		})
	}
}
