package cloud

import (
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Errorf makes an untyped API error, the form most EC2 errors have in the SDK.
func Errorf(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// statusError is an API error with the HTTP status it arrives with; without one it is 400.
type statusError struct {
	error
	status int
}

func (e *statusError) Unwrap() error { return e.error }

// errLost is what a client sees when the answer of a call never reached it.
var errLost = timeout("read: connection timed out waiting for the answer")

// timeout is a network error as the standard library's transport would return it.
type timeout string

func (t timeout) Error() string { return string(t) }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// asSDK wraps an error the way the SDK's own deserializers and transport would, so that
// its retryer, and errors.As for the service's types, work on it.
func asSDK(err error, requestID string) error {
	if _, ok := errors.AsType[smithy.APIError](err); !ok {
		return err
	}
	status := http.StatusBadRequest
	if with, ok := errors.AsType[*statusError](err); ok {
		status, err = with.status, with.error
	}
	return &awshttp.ResponseError{
		RequestID: requestID,
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}},
			Err:      err,
		},
	}
}

func unsupported(service, operation string) error {
	return Errorf("UnsupportedOperation", "the simulated organization has no %s:%s", service, operation)
}

// WithStatus gives an API error the HTTP status it arrives with, where that is not 400.
func WithStatus(err error, status int) error { return &statusError{err, status} }
