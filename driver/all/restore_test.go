package all

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// A restore with wrong or missing parameters is refused before any call, all that is wrong
// at once, whatever the kind and engine. Without sessions a call would panic.
func TestRestoresWithWrongParametersAreRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	for _, d := range New(nil).All() {
		facts := d.Descriptor()
		restorer, ok := d.(driver.Restorer)
		if !ok {
			continue
		}
		at := string(facts.Kind) + " by " + string(driver.EngineOf(d))
		req := driver.RestoreRequest{
			Scope: resource.Scope{Partition: "aws", Account: "111122223333", Region: "eu-central-1"},
			Mark:  driver.Mark{Installation: "test", JobID: "j", CreatedAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
			Point: driver.Point{Ref: "vault/arn:aws:backup:eu-central-1:111122223333:recovery-point:p"},
			// Nothing was recorded of this resource.
			Resource:  resource.Resource{Kind: facts.Kind, Account: "111122223333", Region: "eu-central-1"},
			Overrides: map[string]string{"no_such_parameter": "x"},
		}
		want := []string{"no_such_parameter is not a parameter"}
		for _, p := range facts.Restore {
			if p.Required && !selfRecorded(facts.Kind, p.Name) {
				want = append(want, p.Name+" is missing")
			}
		}
		_, planned := restorer.PlanRestore(req)
		_, begun := restorer.Restore(t.Context(), req)
		for _, err := range []error{planned, begun} {
			var wrong *driver.ParameterError
			if !errors.As(err, &wrong) || !failure.Is(err, failure.Invalid) {
				t.Errorf("%s: %v, want an invalid ParameterError", at, err)
				continue
			}
			for _, text := range want {
				if !strings.Contains(wrong.Error(), text) {
					t.Errorf("%s: %v does not say that %s", at, wrong, text)
				}
			}
		}
	}
}

// selfRecorded tells a parameter whose recorded value is the resource's own name.
func selfRecorded(kind resource.Kind, name string) bool {
	return kind == resource.S3 && name == "destination_bucket"
}
