package awssession

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/resource"
)

func TestSessionPolicyDocument(t *testing.T) {
	t.Parallel()
	got := SessionPolicy{Name: "n", Actions: []string{"ec2:CreateSnapshot", "ec2:CreateTags"}}.Document()
	want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:CreateSnapshot","ec2:CreateTags"],"Resource":"*"}]}`
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// assume asks for a session of each of two kinds, twice, and returns the policies STS got.
func assume(t *testing.T, fake *fakeSTS, mutate func(*Options)) (policies []string) {
	t.Helper()
	provider := newTestProvider(t, fake, mutate)
	actions := map[resource.Purpose][]string{resource.ForBackup: {"a:One"}}
	for range 2 {
		for _, name := range []string{"this", "that"} {
			if _, err := Narrow(provider, name, actions).Config(t.Context(), request("111122223333", resource.ForBackup)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, form := range fake.assumed {
		policies = append(policies, form.Get("Policy"))
	}
	return policies
}

func TestEachKindHasASessionOfItsOwn(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["a:One"],"Resource":"*"}]}`
	if diff := cmp.Diff([]string{policy, policy}, assume(t, fake, nil)); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	if asked := len(fake.agents) - len(fake.assumed); asked != 1 {
		t.Errorf("STS was asked %d times who a role is, want once", asked)
	}
}

func TestSessionPoliciesCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	got := assume(t, &fakeSTS{}, func(o *Options) { o.WithoutSessionPolicies = true })
	if diff := cmp.Diff([]string{""}, got); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

func TestAPurposeWithoutActionsMayDoNothing(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{}
	provider := Narrow(newTestProvider(t, fake, nil), "this", nil)
	if _, err := provider.Config(t.Context(), request("111122223333", resource.ForCopy)); err != nil {
		t.Fatal(err)
	}
	if got := fake.assumed[0].Get("Policy"); got != (SessionPolicy{Actions: []string{idle}}).Document() {
		t.Errorf("policy %s", got)
	}
}
