package awscall

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/clock"
)

var noon = time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)

func call(n int) Call {
	return Call{Operation: fmt.Sprintf("ec2:Call%d", n), Region: "eu-west-1", Status: 200, Attempt: 1, At: noon.Add(time.Duration(n) * time.Second)}
}

func TestCallsSurviveTheirEvent(t *testing.T) {
	t.Parallel()
	want := Calls{Calls: []Call{call(1), {Operation: "ec2:Call2", Code: NoAnswer, Attempt: 3, Millis: 12.34, At: noon}}, LeftOut: 2}
	if diff := cmp.Diff(want, Parse(want.JSON())); diff != "" {
		t.Error(diff)
	}
	for _, data := range []string{"", "null", `{"scope":"calls"}`, `{"calls":7}`, `{"calls":`} {
		if got := Parse([]byte(data)); len(got.Calls) > 0 {
			t.Errorf("%s has the calls %v", data, got)
		}
	}
	if data := (Calls{}).JSON(); data != nil {
		t.Errorf("no calls are %s", data)
	}
}

// However many calls a step makes, the first and the last are kept, in the order they began.
func TestRecordersAreBounded(t *testing.T) {
	t.Parallel()
	ctx, r := Record(context.Background(), clock.NewManual(noon))
	if From(ctx) != r {
		t.Fatal("the context has another recorder")
	}
	for n := range 100 {
		r.Add(call(n))
	}
	got := r.Calls()
	if len(got.Calls) != MaxCalls || got.LeftOut != 100-MaxCalls || got.Calls[0].Operation != "ec2:Call0" || got.Calls[MaxCalls-1].Operation != "ec2:Call99" {
		t.Errorf("%d calls from %s to %s, %d left out", len(got.Calls), got.Calls[0].Operation, got.Calls[MaxCalls-1].Operation, got.LeftOut)
	}
	if size := len(got.JSON()); size > 4096 {
		t.Errorf("a step's calls take %d bytes", size)
	}
	r.Clear()
	r.Add(Call{Code: strings.Repeat("x", 1000), At: noon.Add(time.Hour)})
	r.Add(call(1))
	if got := r.Calls(); len(got.Calls) != 2 || got.Calls[0].Operation != "ec2:Call1" || len(got.Calls[1].Code) != maxText || got.LeftOut != 0 {
		t.Errorf("%+v", got)
	}
}

func TestRecordersAreSafe(t *testing.T) {
	t.Parallel()
	var none *Recorder
	none.Add(call(1))
	none.Clear()
	if got := From(context.Background()).Calls(); got.Calls != nil {
		t.Error(got)
	}
	_, r := Record(context.Background(), clock.NewManual(noon))
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() { r.Add(call(n)); r.Calls() })
	}
	wg.Wait()
	if got := r.Calls(); len(got.Calls)+got.LeftOut != 50 {
		t.Errorf("%d calls, %d left out", len(got.Calls), got.LeftOut)
	}
}
