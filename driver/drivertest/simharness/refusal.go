package simharness

import (
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/driver/conformance"
	"holdfast/failure"
)

// everyCall has the code and status of the refusals any AWS call can meet.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
var everyCall = map[failure.Class]struct {
	code   string
	status int
}{
	failure.Throttled:   {"ThrottlingException", http.StatusBadRequest},
	failure.Denied:      {"AccessDeniedException", http.StatusForbidden},
	failure.Credentials: {"ExpiredTokenException", http.StatusForbidden},
	failure.Transient:   {"InternalFailure", http.StatusInternalServerError},
}

// code returns the error code of a class; known is false for a class the kind names no
// code for.
func (w *wire) code(class failure.Class) (code string, known bool) {
	if code, ok := w.kind.Codes[class]; ok {
		return code, true
	}
	common, ok := everyCall[class]
	return common.code, ok
}

// refusal is the error the SDK's deserializers make of an answer that refuses.
func (w *wire) refusal(f conformance.Fault) error {
	code, _ := w.code(f.Class)
	status := http.StatusBadRequest
	if common, ok := everyCall[f.Class]; ok {
		status = common.status
	}
	return &awshttp.ResponseError{
		RequestID: "injected",
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}},
			Err:      &smithy.GenericAPIError{Code: code, Message: "injected"},
		},
	}
}

// lastPart returns what AWS calls take of a resource's ARN: vol-0a1b, orders-db, Orders.
func lastPart(arn string) string { return arn[strings.LastIndexAny(arn, ":/")+1:] }
