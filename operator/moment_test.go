package operator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/access"
	"holdfast/driver"
	"holdfast/operator"
)

func TestRestoreOfAMoment(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	at := noon.Add(-20 * time.Minute)
	request := operator.RestoreRequest{Order: operator.Order{IdempotencyKey: "k"}, Resource: orders, At: at, PointInTime: true}
	r, err := f.as(access.Restorer).Restore(t.Context(), request)
	f.must(err)
	if r.Created != 1 || r.Point != nil || r.Plan == nil || len(r.Plan.Calls) == 0 {
		t.Fatalf("the outcome is %+v", r)
	}
	job := f.job(r.Jobs[0].ID)
	if job.Type != driver.Restore || job.PointID != "" || !job.Spec.RestoreAt.Equal(at) || job.ResourceARN != orders || job.Region != "eu-west-1" {
		t.Errorf("the job is %+v", job)
	}
	if again, err := f.as(access.Restorer).Restore(t.Context(), request); err != nil || again.Created != 0 {
		t.Errorf("the same key made %d more jobs, %v", again.Created, err)
	}
	request.At = at.Add(-time.Minute)
	if _, err := f.as(access.Restorer).Restore(t.Context(), request); !slices.Equal(fields(err), []string{"idempotency_key"}) {
		t.Errorf("the key for another moment: %v", err)
	}
}

func TestRestoreOfAMomentIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, tt := range map[string]struct {
		change func(*operator.RestoreRequest)
		want   []string
	}{
		"no moment":       {func(r *operator.RestoreRequest) { r.At = time.Time{} }, []string{"point_in_time"}},
		"of a point":      {func(r *operator.RestoreRequest) { r.Point, r.Resource, r.At = jobA, "", time.Time{} }, []string{"point_in_time"}},
		"yet to come":     {func(r *operator.RestoreRequest) { r.At = noon.Add(time.Hour) }, []string{"parameters"}},
		"too long ago":    {func(r *operator.RestoreRequest) { r.At = noon.AddDate(-1, 0, 0) }, []string{"parameters"}},
		"unknown":         {func(r *operator.RestoreRequest) { r.Resource += "x" }, []string{"resource"}},
		"another region":  {func(r *operator.RestoreRequest) { r.Region = "eu-central-1" }, []string{"region"}},
		"another account": {func(r *operator.RestoreRequest) { r.Account = "444455556666" }, []string{"region"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := operator.RestoreRequest{Resource: orders, At: noon.Add(-time.Hour), PointInTime: true}
			tt.change(&request)
			_, err := f.as(access.Restorer).Restore(t.Context(), request)
			if diff := cmp.Diff(tt.want, fields(err)); diff != "" {
				t.Errorf("refused with %v (-want +got):\n%s", err, diff)
			}
		})
	}
}
