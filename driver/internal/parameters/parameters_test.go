package parameters

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/failure"
)

var descriptor = driver.Descriptor{Kind: "ebs", Restore: []driver.Parameter{
	{Name: "zone", Description: "where", Recorded: true, Required: true},
	{Name: "size", Recorded: true}, {Name: "encrypted"}, {Name: "groups"}, {Name: "type"},
}}

func TestResolveCollectsEveryProblem(t *testing.T) {
	t.Parallel()
	v := Resolve(descriptor, nil, map[string]string{"size": "x", "encrypted": "maybe", "type": "gp9", "siez": "1"})
	v.Int32("size", 1)
	v.Bool("encrypted")
	v.OneOf("type", "gp2", "gp3")
	_, err := v.Plan()
	var got *driver.ParameterError
	if !errors.As(err, &got) || !failure.Is(err, failure.Invalid) {
		t.Fatalf("Plan = %v, want an invalid ParameterError", err)
	}
	want := []string{
		"siez is not a parameter: use encrypted, groups, size, type, zone",
		"zone is missing: where",
		`size is "x": want a whole number of at least 1`,
		`encrypted is "maybe": want true or false`,
		`type is "gp9": use one of gp2, gp3`,
	}
	if diff := cmp.Diff(want, got.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := Resolve(descriptor, map[string]string{"zone": "a", "size": "8", "ignored": "x"},
		map[string]string{"size": "9", "encrypted": "true", "groups": "sg-1, sg-2,"})
	v.Default("zone", "b")
	v.Default("type", "gp3")
	if got := v.Int32("size", 1); got == nil || *got != 9 {
		t.Errorf("size = %v, want 9", got)
	}
	if got := v.Bool("encrypted"); got == nil || !*got {
		t.Errorf("encrypted = %v, want true", got)
	}
	if diff := cmp.Diff([]string{"sg-1", "sg-2"}, v.List("groups")); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if !v.Given("size") || v.Given("zone") {
		t.Error("Given does not tell overrides from recorded values")
	}
	v.Drop("groups")
	plan, err := v.Plan()
	if err != nil {
		t.Fatalf("Plan: %v", err)
	}
	want := map[string]string{"zone": "a", "size": "9", "encrypted": "true", "type": "gp3"}
	if diff := cmp.Diff(want, plan.Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestCallLeavesOutWhatIsNotSet(t *testing.T) {
	t.Parallel()
	type tag struct{ Key, Value *string }
	k := "k"
	call, err := Call("ec2:CreateVolume", struct {
		Size   *int32
		Type   string
		Off    *bool
		Nested []tag
	}{Off: new(false), Nested: []tag{{Key: &k}}})
	if err != nil {
		t.Fatalf("Call: %v", err)
	}
	if diff := cmp.Diff(`{"Nested":[{"Key":"k"}],"Off":false}`, string(call.Input)); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
}
