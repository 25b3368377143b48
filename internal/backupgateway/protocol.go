package backupgateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswerBytes bounds what is read of an answer: a page has at most 1,000 machines.
const maxAnswerBytes = 16 << 20

type unexpectedResult struct{ got any }

func (u *unexpectedResult) Error() string { return fmt.Sprintf("the stack answered with %T", u.got) }

// serializer puts the input into the request.
type serializer struct{ endpoint, operation string }

// ID names the step.
func (serializer) ID() string { return "OperationSerializer" }

// HandleSerialize carries the step out.
func (s serializer) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (out middleware.SerializeOutput, meta middleware.Metadata, err error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return out, meta, &smithy.SerializationError{Err: fmt.Errorf("the request is a %T", in.Request)}
	}
	body, err := json.Marshal(in.Parameters)
	if err != nil {
		return out, meta, &smithy.SerializationError{Err: err}
	}
	target, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.endpoint, "/")+"/", nil)
	if err != nil {
		return out, meta, &smithy.SerializationError{Err: err}
	}
	request.URL, request.Host, request.Method = target.URL, target.Host, target.Method
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("X-Amz-Target", targetPrefix+s.operation)
	if request, err = request.SetStream(bytes.NewReader(body)); err != nil {
		return out, meta, &smithy.SerializationError{Err: err}
	}
	in.Request = request
	return next.HandleSerialize(ctx, in)
}

// signer signs each attempt with the credentials of the moment.
type signer struct{ client *Client }

// ID names the step.
func (signer) ID() string { return "Signing" }

// HandleFinalize carries the step out.
func (s signer) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return out, meta, fmt.Errorf("sign: the request is a %T", in.Request)
	}
	if s.client.cfg.Credentials == nil {
		return out, meta, fmt.Errorf("sign: there are no credentials")
	}
	credentials, err := s.client.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return out, meta, fmt.Errorf("sign: get credentials: %w", err)
	}
	hash := sha256.New()
	if stream := request.GetStream(); stream != nil {
		if _, err := io.Copy(hash, stream); err != nil {
			return out, meta, fmt.Errorf("sign: read the body: %w", err)
		}
		if err := request.RewindStream(); err != nil {
			return out, meta, fmt.Errorf("sign: rewind the body: %w", err)
		}
	}
	err = v4.NewSigner().SignHTTP(ctx, credentials, request.Request, hex.EncodeToString(hash.Sum(nil)), signingName, s.client.cfg.Region, s.client.clock.Now())
	if err != nil {
		return out, meta, fmt.Errorf("sign: %w", err)
	}
	return next.HandleFinalize(ctx, in)
}

// deserializer reads the answer, or the error in it.
type deserializer struct{ output func() any }

// ID names the step.
func (deserializer) ID() string { return "OperationDeserializer" }

// HandleDeserialize carries the step out.
func (d deserializer) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, meta middleware.Metadata, err error) {
	out, meta, err = next.HandleDeserialize(ctx, in)
	if err != nil {
		return out, meta, err
	}
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok {
		return out, meta, &smithy.DeserializationError{Err: fmt.Errorf("the answer is a %T", out.RawResponse)}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return out, meta, &smithyhttp.RequestSendError{Err: fmt.Errorf("read the answer: %w", err)}
	}
	if response.StatusCode != http.StatusOK {
		return out, meta, answerError(response, body)
	}
	result := d.output()
	if err := json.Unmarshal(body, result); err != nil {
		return out, meta, &smithy.DeserializationError{Err: err, Snapshot: body[:min(len(body), 1024)]}
	}
	out.Result = result
	return out, meta, nil
}

// answerError is the error in an answer, as the SDK's own clients return it.
// Source: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
func answerError(response *smithyhttp.Response, body []byte) error {
	var said struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &said) // an answer in no form at all still has its status
	code := said.Type
	if header := response.Header.Get("X-Amzn-Errortype"); code == "" {
		code = header
	}
	code = code[strings.LastIndexByte(code, '#')+1:]
	code, _, _ = strings.Cut(code, ":")
	fault := smithy.FaultClient
	if response.StatusCode >= http.StatusInternalServerError {
		fault = smithy.FaultServer
	}
	return &awshttp.ResponseError{
		RequestID: response.Header.Get("X-Amzn-Requestid"),
		ResponseError: &smithyhttp.ResponseError{
			Response: response, Err: &smithy.GenericAPIError{Code: code, Message: said.Message, Fault: fault},
		},
	}
}
