package all_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/driver/iam"
	"holdfast/failure"
	"holdfast/internal/awssession"
	"holdfast/internal/clock"
	"holdfast/resource"
	"holdfast/sim"
)

const member = "222222222222"

// roleLab is an organization whose member account is reached by assuming its roles.
type roleLab struct {
	org      *sim.Organization
	clock    *clock.Manual
	sessions awssession.Provider
	home     resource.Scope
}

func newRoleLab(t *testing.T) *roleLab {
	t.Helper()
	l := &roleLab{
		clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)),
		home:  resource.Scope{Partition: "aws", Account: member, Region: "eu-central-1"},
	}
	var err error
	l.org, err = sim.New(sim.Options{Clock: l.clock, Accounts: []string{"111111111111", member}, Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	base := l.org.Base(l.home.Region)
	l.sessions, err = awssession.NewProvider(t.Context(), awssession.Options{
		Installation: "prod", RoleTemplate: "arn:{partition}:iam::{account}:role/holdfast-{purpose}", Base: &base,
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// as gives every session the role and the policy of one purpose, whatever it is asked for,
// and what looking takes: so that it is not the looking that is refused.
type as struct {
	awssession.Provider
	facts   driver.Descriptor
	purpose resource.Purpose
}

func (s as) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	req.Purpose = s.purpose
	req.Policy = &awssession.SessionPolicy{
		Name: "test", Actions: slices.Concat(s.facts.Actions[s.purpose], s.facts.Actions[resource.ForDiscover]),
	}
	return s.Provider.Config(ctx, req)
}

// point backs a new resource of the driver's kind up.
func (l *roleLab) point(t *testing.T, d driver.Driver) driver.Point {
	t.Helper()
	facts := d.Descriptor()
	if _, err := l.org.Create(sim.Blueprint{Kind: facts.Kind, Account: member, Region: l.home.Region}); err != nil {
		t.Fatal(err)
	}
	var source resource.Resource
	if err := d.Discover(t.Context(), l.home, func(r resource.Resource) error { source = r; return nil }); err != nil {
		t.Fatal(err)
	}
	mark := driver.Mark{Installation: "prod", JobID: strings.Repeat("a", 26), SourceARN: source.ARN, Plan: "p", Rule: "r", CreatedAt: l.clock.Now()}
	ref, err := d.Start(t.Context(), driver.StartRequest{Scope: l.home, Mark: mark, Resource: source, Vault: "default"})
	if err != nil {
		t.Fatal(err)
	}
	l.clock.Advance(24 * time.Hour)
	seen, err := d.Look(t.Context(), driver.LookRequest{Scope: l.home, Operation: driver.Backup, Refs: []driver.Ref{ref}, Since: mark.CreatedAt})
	if err != nil || seen[ref].State != driver.Succeeded {
		t.Fatalf("the backup is %+v: %v", seen[ref], err)
	}
	return seen[ref].Point
}

// TestNoSessionButExpirysDeletes tries to delete a recovery point of each kind and engine in
// the sessions of every purpose, made by sts:AssumeRole in roles that may do everything.
func TestNoSessionButExpirysDeletes(t *testing.T) {
	t.Parallel()
	for _, facts := range descriptors() {
		t.Run(iam.PolicyName(facts), func(t *testing.T) {
			t.Parallel()
			l := newRoleLab(t)
			d, _ := all.New(l.sessions).For(facts.Kind, facts.Engine)
			point := l.point(t, d)
			for _, purpose := range resource.Purposes() {
				if purpose == resource.ForExpire {
					continue
				}
				stolen := l.driver(t, facts, purpose)
				err := stolen.Delete(t.Context(), driver.DeleteRequest{Scope: l.home, Installation: "prod", Ref: point.Ref})
				if !failure.Is(err, failure.Denied) || !strings.Contains(err.Error(), "because no session policy allows") {
					t.Errorf("a deletion in a session for %s: %v, want it denied by the session policy", purpose, err)
				}
			}
			if err := d.Delete(t.Context(), driver.DeleteRequest{Scope: l.home, Installation: "prod", Ref: point.Ref}); err != nil {
				t.Errorf("expiry's own session: %v", err)
			}
		})
	}
}

// driver returns a driver all of whose sessions are for one purpose.
func (l *roleLab) driver(t *testing.T, facts driver.Descriptor, purpose resource.Purpose) driver.Driver {
	t.Helper()
	d, ok := all.New(as{l.sessions, facts, purpose}).For(facts.Kind, facts.Engine)
	if !ok {
		t.Fatal("no such driver")
	}
	return d
}

func descriptors() (list []driver.Descriptor) {
	for _, d := range all.New(nil).All() {
		list = append(list, d.Descriptor())
	}
	return list
}

// TestSessionPoliciesFit holds every session policy against what STS takes.
func TestSessionPoliciesFit(t *testing.T) {
	t.Parallel()
	for _, facts := range descriptors() {
		for purpose, actions := range facts.Actions {
			policy := awssession.SessionPolicy{Name: iam.PolicyName(facts), Actions: actions}
			if n := len(policy.Document()); n > awssession.MaxPolicyChars {
				t.Errorf("%s for %s: the policy has %d characters", policy.Name, purpose, n)
			}
		}
	}
}

// TestARoleThatLacksAnAction is refused whatever the session policy allows.
func TestARoleThatLacksAnAction(t *testing.T) {
	t.Parallel()
	l := newRoleLab(t)
	l.org.SetRole(member, sim.RoleName(resource.ForDiscover), sim.Role{Allowed: []string{"ec2:DescribeSnapshots", "kms:*"}})
	d, _ := all.New(l.sessions).Get(resource.EBS)
	err := d.Discover(t.Context(), l.home, func(resource.Resource) error { return nil })
	if !failure.Is(err, failure.Denied) || !strings.Contains(err.Error(), "no identity-based policy allows the ec2:DescribeVolumes action") {
		t.Errorf("listing without the right to: %v", err)
	}
}
