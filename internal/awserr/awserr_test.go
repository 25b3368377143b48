package awserr

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/failure"
)

// sdkError dresses err as the SDK hands it out: response, attempts and operation around it.
func sdkError(status int, err error) error {
	response := &awshttp.ResponseError{
		RequestID: "req-1",
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
		},
	}
	return &smithy.OperationError{
		ServiceID: "EC2", OperationName: "CreateSnapshot",
		Err: &retry.MaxAttemptsError{Attempt: 3, Err: response},
	}
}

func TestEverySharedCodeSurvivesTheSDKsWrappers(t *testing.T) {
	t.Parallel()
	for code, want := range shared {
		if !want.Valid() {
			t.Errorf("%s: class %q is not in the closed list", code, want)
		}
		err := Wrap("ec2:CreateSnapshot", sdkError(400, &smithy.GenericAPIError{Code: code, Message: "m"}))
		var got *failure.Error
		if !errors.As(err, &got) {
			t.Fatalf("%s: Wrap gave %T", code, err)
		}
		if got.Class != want || got.Code != code || got.RequestID != "req-1" || got.Op != "ec2:CreateSnapshot" {
			t.Errorf("%s: got class %q code %q request %q op %q, want class %q",
				code, got.Class, got.Code, got.RequestID, got.Op, want)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	api := func(code string) error { return &smithy.GenericAPIError{Code: code} }
	kind := Table{"LimitExceededException": failure.Quota, "ValidationError": failure.Busy}
	tests := []struct {
		name string
		err  error
		want failure.Class
	}{
		{"row of the kind", api("LimitExceededException"), failure.Quota},
		{"row of the kind wins", api("ValidationError"), failure.Busy},
		{"EC2 not-found family", api("InvalidVolume.NotFound"), failure.NotFound},
		{"EC2 parameter family", api("InvalidParameterDependency"), failure.Invalid},
		{"EC2 malformed family", api("InvalidSnapshotID.Malformed"), failure.Invalid},
		{"unknown code, status 400", sdkError(400, api("Odd")), failure.Invalid},
		{"unknown code, status 403", sdkError(403, api("Odd")), failure.Denied},
		{"unknown code, status 408", sdkError(408, api("Odd")), failure.Transient},
		{"unknown code, status 429", sdkError(429, api("Odd")), failure.Throttled},
		{"unknown code, status 503", sdkError(503, api("Odd")), failure.Transient},
		{"unknown code, client fault", &smithy.GenericAPIError{Code: "Odd", Fault: smithy.FaultClient}, failure.Invalid},
		{"unknown code, nothing else", api("Odd"), failure.Transient},
		{"answer that cannot be read", sdkError(500, &smithy.DeserializationError{Err: errors.New("html")}), failure.Transient},
		{"deadline", fmt.Errorf("send: %w", context.DeadlineExceeded), failure.Transient},
		{"cancelled", &smithy.CanceledError{Err: context.Canceled}, failure.Transient},
		{"connection refused", &smithyhttp.RequestSendError{Err: errors.New("refused")}, failure.Transient},
		{"network", &url.Error{Op: "Post", URL: "http://x", Err: errors.New("reset")}, failure.Transient},
		{"parameters refused by the SDK", smithy.InvalidParamsError{Context: "x"}, failure.Invalid},
		{"class below the call", fmt.Errorf("get identity: %w", failure.Errorf(failure.Denied, "assume role: %w", api("Throttling"))), failure.Denied},
		{"our own bug", errors.New("nil map"), failure.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Classify(tt.err, kind); got != tt.want {
				t.Errorf("Classify(%v) = %q, want %q", tt.err, got, tt.want)
			}
			if got := failure.ClassOf(Wrap("op", tt.err, kind)); got != tt.want {
				t.Errorf("ClassOf(Wrap(%v)) = %q, want %q", tt.err, got, tt.want)
			}
		})
	}
}

func TestWrapOfNilIsNil(t *testing.T) {
	t.Parallel()
	if err := Wrap("op", nil); err != nil {
		t.Errorf("Wrap(nil) = %v", err)
	}
}
