package awserr

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/failure"
)

// Table maps a service's error codes, as they come over the wire, to classes.
type Table map[string]failure.Class

// Wrap returns err as a *failure.Error of operation op (service:Operation as in IAM)
// with its class, AWS's code and request id; nil stays nil. Tables are asked before
// the shared table, first one first. A class that is already in err's chain, such as
// that of a role which could not be assumed below the call, is kept.
func Wrap(op string, err error, tables ...Table) error {
	if err == nil {
		return nil
	}
	return &failure.Error{
		Class: Classify(err, tables...), Op: op,
		Code: Code(err), RequestID: RequestID(err), Err: err,
	}
}

// Classify returns the class Wrap would give err.
func Classify(err error, tables ...Table) failure.Class {
	if known, ok := errors.AsType[*failure.Error](err); ok {
		return known.Class
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return classOfAPI(api, err, tables)
	}
	return classOfTransport(err)
}

// Code returns AWS's error code in err's chain, or "".
func Code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

func classOfAPI(api smithy.APIError, err error, tables []Table) failure.Class {
	for _, table := range append(slices.Clip(tables), shared) {
		if class, ok := table[api.ErrorCode()]; ok {
			return class
		}
	}
	if class, ok := classOfPattern(api.ErrorCode()); ok {
		return class
	}
	if class, ok := classOfStatus(Status(err)); ok {
		return class
	}
	if api.ErrorFault() == smithy.FaultClient {
		return failure.Invalid
	}
	return failure.Transient
}

// classOfPattern knows the two families of codes EC2 builds per resource type.
// Source: https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
func classOfPattern(code string) (failure.Class, bool) {
	switch {
	case strings.HasSuffix(code, ".NotFound"):
		return failure.NotFound, true
	case strings.HasPrefix(code, "InvalidParameter"), strings.HasSuffix(code, ".Malformed"):
		return failure.Invalid, true
	}
	return "", false
}

func classOfStatus(status int) (failure.Class, bool) {
	switch {
	case status == http.StatusTooManyRequests:
		return failure.Throttled, true
	case status == http.StatusForbidden:
		return failure.Denied, true
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		return failure.Transient, true
	case status >= http.StatusBadRequest:
		return failure.Invalid, true
	}
	return "", false
}

// classOfTransport classes what never became an answer of the service.
func classOfTransport(err error) failure.Class {
	var (
		send    *smithyhttp.RequestSendError
		network net.Error
		params  smithy.InvalidParamsError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.As(err, &send), errors.As(err, &network):
		return failure.Transient
	case errors.As(err, &params):
		return failure.Invalid
	}
	if class, ok := classOfStatus(Status(err)); ok {
		return class
	}
	return failure.Internal
}

// Status returns the HTTP status err arrived with, or 0.
func Status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		return response.HTTPStatusCode()
	}
	return 0
}

// RequestID returns the id AWS gave the call that err is the answer of, or "".
func RequestID(err error) string {
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return response.ServiceRequestID()
	}
	return ""
}
