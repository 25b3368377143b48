package awserr

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/admission/budget"
)

// plain hides the newer methods of a retryer.
type plain struct{ aws.Retryer }

func TestOnlyThrottles(t *testing.T) {
	t.Parallel()
	standard := retry.NewStandard()
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"throttle", sdkError(400, &smithy.GenericAPIError{Code: "RequestLimitExceeded"}), true},
		{"server error", sdkError(503, &smithy.GenericAPIError{Code: "Unavailable"}), false},
		{"lost answer", &smithyhttp.RequestSendError{Err: errors.New("EOF")}, false},
		{"timeout", context.DeadlineExceeded, false},
		{"put off by our own budget", budget.Refuse(budget.Key{}, time.Minute, time.Now()), false},
		{"quota the SDK takes for a throttle", sdkError(400, &smithy.GenericAPIError{Code: "LimitExceededException"}), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []aws.Retryer{OnlyThrottles(standard), OnlyThrottles(plain{standard})} {
				if got := r.IsErrorRetryable(tt.err); got != tt.want {
					t.Errorf("%T retries %v: %t, want %t", r, tt.err, got, tt.want)
				}
				if r.MaxAttempts() != standard.MaxAttempts() {
					t.Errorf("%T makes %d attempts, want the SDK's %d", r, r.MaxAttempts(), standard.MaxAttempts())
				}
			}
		})
	}
}
