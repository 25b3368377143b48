package rdscluster_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/golden"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/driver"
	"holdfast/driver/aurora"
	"holdfast/driver/docdb"
	"holdfast/driver/internal/rdscluster"
	"holdfast/driver/neptune"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const (
	account = "111122223333"
	other   = "444455556666"
	home    = "eu-west-1"
	away    = "eu-central-1"
)

func scope(account, region string) resource.Scope {
	return resource.Scope{Partition: "aws", Account: account, Region: region}
}

// kinds are the kinds of clusters.
var kinds = map[resource.Kind]func(awssession.Provider) *rdscluster.Driver{
	resource.Aurora: aurora.New, resource.Neptune: neptune.New, resource.DocDB: docdb.New,
}

// lab is an organization with a cluster of each kind and a Multi-AZ DB cluster.
type lab struct {
	t     *testing.T
	clock *clock.Manual
	d     *rdscluster.Driver
	jobs  int
}

func eachKind(t *testing.T, run func(l *lab, kind resource.Kind)) {
	for kind, build := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			manual := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
			org, err := sim.New(sim.Options{
				Clock: manual, Accounts: []string{account, other}, Regions: []string{home, away}, Unthrottled: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range []sim.Blueprint{
				{Kind: resource.Aurora, Name: "orders-aurora"}, {Kind: resource.Neptune, Name: "orders-neptune"},
				{Kind: resource.DocDB, Name: "orders-docdb"}, {Kind: resource.Aurora, Name: "multi-az", Odd: true},
			} {
				b.Account, b.Region, b.Encrypted, b.CustomerKey = account, home, true, true
				b.Tags = map[string]string{"env": "prod"}
				if _, err := org.Create(b); err != nil {
					t.Fatal(err)
				}
			}
			run(&lab{t: t, clock: manual, d: build(org.Provider())}, kind)
		})
	}
}

func (l *lab) mark(r resource.Resource) driver.Mark {
	l.jobs++
	return driver.Mark{Installation: "lab", JobID: strings.Repeat("j", 25) + string(rune('a'+l.jobs)), SourceARN: r.ARN, CreatedAt: l.clock.Now()}
}

func (l *lab) discover(at resource.Scope) map[string]resource.Resource {
	l.t.Helper()
	found := map[string]resource.Resource{}
	err := l.d.Discover(l.t.Context(), at, func(r resource.Resource) error {
		found[r.Name] = r
		return nil
	})
	if err != nil {
		l.t.Fatalf("discover: %v", err)
	}
	return found
}

// ended lets an operation end and wants it to have succeeded.
func (l *lab) ended(at resource.Scope, op driver.Operation, ref driver.Ref) driver.Point {
	l.t.Helper()
	l.clock.Advance(time.Hour)
	seen, err := l.d.Look(l.t.Context(), driver.LookRequest{Scope: at, Operation: op, Refs: []driver.Ref{ref}})
	if err != nil || seen[ref].State != driver.Succeeded {
		l.t.Fatalf("%s %s is %+v, %v", op, ref, seen, err)
	}
	return seen[ref].Point
}

func (l *lab) backUp(r resource.Resource) driver.Point {
	l.t.Helper()
	ref, err := l.d.Start(l.t.Context(), driver.StartRequest{Scope: scope(account, home), Mark: l.mark(r), Resource: r})
	if err != nil {
		l.t.Fatalf("start: %v", err)
	}
	return l.ended(scope(account, home), driver.Backup, ref)
}

// finish finishes a restore, and returns how many rounds it was busy.
func (l *lab) finish(req driver.RestoreRequest, ref driver.Ref) (rounds int) {
	l.t.Helper()
	for ; rounds < 10; rounds++ {
		err := l.d.FinishRestore(l.t.Context(), req, ref)
		if err == nil {
			return rounds
		}
		if !failure.Is(err, failure.Busy) {
			l.t.Fatalf("finish: %v", err)
		}
		l.clock.Advance(time.Hour)
	}
	l.t.Fatal("still busy")
	return rounds
}

func settings(t *testing.T, r resource.Resource) (s rdscluster.Settings) {
	t.Helper()
	if err := json.Unmarshal(r.Settings, &s); err != nil {
		t.Fatalf("settings of %s: %v", r.Name, err)
	}
	return s
}

// TestOnlyTheKindsOwnClustersAreFound in listings that show those of all.
func TestOnlyTheKindsOwnClustersAreFound(t *testing.T) {
	t.Parallel()
	eachKind(t, func(l *lab, kind resource.Kind) {
		want := []string{"orders-" + string(kind)}
		if kind == resource.Aurora {
			want = append([]string{"multi-az"}, want...)
		}
		found := l.discover(scope(account, home))
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
			l.t.Errorf("found (-want +got):\n%s", diff)
		}
		own := found["orders-"+string(kind)]
		if own.Unsupported != "" || own.Tags["env"] != "prod" {
			l.t.Errorf("found %+v, want it supported, with tags", own)
		}
		if multi, ok := found["multi-az"]; ok && !strings.Contains(multi.Unsupported, "Multi-AZ DB cluster") {
			l.t.Errorf("a Multi-AZ DB cluster is unsupported because %q", multi.Unsupported)
		}
	})
}

// TestRestoreGivesTheClusterBack: with no input, a restored cluster is like its source.
func TestRestoreGivesTheClusterBack(t *testing.T) {
	t.Parallel()
	eachKind(t, func(l *lab, kind resource.Kind) {
		at := scope(account, home)
		source := l.discover(at)["orders-"+string(kind)]
		req := driver.RestoreRequest{Scope: at, Mark: l.mark(source), Point: l.backUp(source), Resource: source}
		ref, err := l.d.Restore(l.t.Context(), req)
		if err != nil {
			l.t.Fatalf("restore: %v", err)
		}
		l.ended(at, driver.Restore, ref)
		if err := l.d.FinishRestore(l.t.Context(), req, ref); !failure.Is(err, failure.Busy) {
			l.t.Errorf("first finish = %v, want class busy", err)
		}
		if made := settings(l.t, l.discover(at)[string(ref)]).Instances; len(made) != 1 || !made[0].Writer {
			l.t.Errorf("first made %+v, want the writer alone", made)
		}
		l.finish(req, ref)
		l.clock.Advance(time.Hour)
		if again := l.finish(req, ref); again != 0 {
			l.t.Errorf("finishing again was busy %d times", again)
		}
		restored := l.discover(at)[string(ref)]
		if restored.Tags["env"] != "prod" {
			l.t.Errorf("the restored cluster has the tags %v", restored.Tags)
		}
		ids := cmpopts.IgnoreFields(rdscluster.Instance{}, "ID")
		if diff := cmp.Diff(settings(l.t, source), settings(l.t, restored), ids); diff != "" {
			l.t.Errorf("settings (-source +restored):\n%s", diff)
		}
	})
}

// TestEveryParameterReachesTheService: a parameter the service's API has no field for
// would be refused as internal.
func TestEveryParameterReachesTheService(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"cluster_identifier": "other", "engine_version": "9", "subnet_group": "s", "security_groups": "sg-8,sg-9",
		"parameter_group": "p", "port": "9999", "network_type": "DUAL", "kms_key_id": "alias/k", "storage_type": "iopt1", "iam_auth": "true",
		"log_exports": "audit", "deletion_protection": "true", "copy_tags_to_snapshot": "true", "backup_retention_days": "14",
		"backtrack_seconds": "3600", "serverless_min_acu": "0.5", "serverless_max_acu": "16",
		"instances": "db.r6g.large:eu-west-1c:3,db.serverless", "publicly_accessible": "true", "ca_certificate": "ca",
		"monitoring_seconds": "60", "monitoring_role_arn": "arn:aws:iam::111122223333:role/m",
		"performance_insights": "true", "performance_insights_days": "7", "performance_insights_kms_key_id": "alias/p",
	}
	eachKind(t, func(l *lab, kind resource.Kind) {
		at := scope(account, home)
		source := l.discover(at)["orders-"+string(kind)]
		req := driver.RestoreRequest{Scope: at, Mark: l.mark(source), Point: l.backUp(source), Resource: source, Overrides: map[string]string{}}
		for _, p := range l.d.Descriptor().Restore {
			if value, ok := values[p.Name]; ok {
				req.Overrides[p.Name] = value
			}
		}
		ref, err := l.d.Restore(l.t.Context(), req)
		if err != nil || ref != "other" {
			l.t.Fatalf("restore = %q, %v", ref, err)
		}
		l.ended(at, driver.Restore, ref)
		l.finish(req, ref)
		got := settings(l.t, l.discover(at)["other"])
		if got.Port != 9999 || got.BackupRetentionDays != 14 || got.MinACU != 0.5 || !got.DeletionProtection || got.SubnetGroup != "s" ||
			len(got.Instances) != 2 || got.Instances[0].Zone != "eu-west-1c" || got.Instances[1].Class != "db.serverless" {
			l.t.Errorf("restored %+v", got)
		}
	})
}

func TestInstancesOfAKindWithoutParameterGroups(t *testing.T) {
	t.Parallel()
	eachKind(t, func(l *lab, kind resource.Kind) {
		source := l.discover(scope(account, home))["orders-"+string(kind)]
		_, err := l.d.PlanRestore(driver.RestoreRequest{
			Scope: scope(account, home), Mark: l.mark(source), Resource: source, Overrides: map[string]string{"instances": "db.r6g.large::1:tuned"},
		})
		if refused := failure.Is(err, failure.Invalid); refused != (kind == resource.DocDB) {
			l.t.Errorf("plan with a parameter group of an instance = %v", err)
		}
	})
}

func TestCopiesIntoAnotherAccount(t *testing.T) {
	t.Parallel()
	eachKind(t, func(l *lab, kind resource.Kind) {
		from := scope(account, home)
		source := l.discover(from)["orders-"+string(kind)]
		req := driver.CopyRequest{Source: l.backUp(source), SourceScope: from, Resource: source}
		for _, to := range []resource.Scope{scope(account, away), scope(other, home), scope(other, away)} {
			req.Scope, req.Mark = to, l.mark(source)
			ref, err := l.d.Copy(l.t.Context(), req)
			if kind == resource.DocDB && to == scope(other, away) {
				if !failure.Is(err, failure.Unsupported) {
					l.t.Errorf("copy to another account and region = %q, %v, want class unsupported", ref, err)
				}
				continue
			}
			if err != nil {
				l.t.Fatalf("copy to %+v: %v", to, err)
			}
			if point := l.ended(to, driver.Copy, ref); !point.Encrypted || point.KMSKeyID != driver.AWSManagedKey(to, "rds") {
				l.t.Errorf("the copy in %+v is %+v, want it encrypted with the default key", to, point)
			}
			if err := l.d.FinishCopy(l.t.Context(), req); err != nil {
				l.t.Errorf("finish: %v", err)
			}
		}
	})
}

// TestPlans pins the exact calls of a restore elsewhere and at home.
func TestPlans(t *testing.T) {
	t.Parallel()
	eachKind(t, func(l *lab, kind resource.Kind) {
		source := l.discover(scope(account, home))["orders-"+string(kind)]
		req := driver.RestoreRequest{
			Scope: scope(account, home), Mark: l.mark(source), Point: driver.Point{Ref: "hf-snapshot"}, Resource: source,
		}
		plan, err := l.d.PlanRestore(req)
		if err != nil {
			l.t.Fatalf("plan: %v", err)
		}
		golden.JSON(l.t, filepath.Join("testdata", string(kind)+".json"), plan)
		req.Scope, req.Overrides = scope(account, away), map[string]string{"instances": "db.x:::p:q,:a", "backup_retention_days": "0"}
		_, err = l.d.PlanRestore(req)
		for _, part := range []string{
			"subnet_group is missing: the recorded private is of another region", "security_groups is missing",
			`instances has "db.x:::p:q"`, `instances has ":a"`, `backup_retention_days is "0"`,
		} {
			if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), part) {
				l.t.Errorf("plan elsewhere = %v, want %q in it", err, part)
			}
		}
	})
}
