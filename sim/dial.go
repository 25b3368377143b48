package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/internal/awssession"
	"holdfast/sim/internal/cloud"
)

const (
	// callTimeout ends a call whose caller set no deadline.
	callTimeout = time.Minute
	// maxAnswerBytes bounds what is read of an answer: an unpaged listing of a region.
	maxAnswerBytes = 256 << 20
	maxConnections = 256
)

// Remote is an organization served by another process. It is a session provider, and
// answers the judge's questions.
type Remote struct {
	url        string
	client     *http.Client
	vocabulary *cloud.Vocabulary
	provider   awssession.Provider
}

var _ awssession.Provider = (*Remote)(nil)

// Dial returns the organization served at a URL such as http://127.0.0.1:4567. It makes
// no call; an address where nothing listens shows at the first one, as a connection error
// that the SDK retries.
func Dial(url string) *Remote {
	r := &Remote{
		url:        strings.TrimSuffix(url, "/"),
		vocabulary: cloud.NewVocabulary(services()),
		client: &http.Client{Timeout: callTimeout, Transport: &http.Transport{
			MaxIdleConns: maxConnections, MaxIdleConnsPerHost: maxConnections, IdleConnTimeout: time.Minute,
		}},
	}
	r.provider = cloud.NewProvider(r, 0)
	return r
}

// Config returns the SDK configuration for the account and region of a request; see
// awssession.Provider.
func (r *Remote) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	return r.provider.Config(ctx, req)
}

// Invoke carries out one call in the other process. It is what the SDK's clients use.
func (r *Remote) Invoke(ctx context.Context, req cloud.Request) (any, error) {
	call, err := r.vocabulary.Encode(req)
	if err != nil {
		return nil, err
	}
	var answer cloud.WireAnswer
	if err := r.do(ctx, http.MethodPost, pathCall, call, &answer); err != nil {
		if ctx.Err() != nil {
			return nil, &smithy.CanceledError{Err: ctx.Err()}
		}
		return nil, &smithyhttp.RequestSendError{Err: err}
	}
	return r.vocabulary.Decode(req, answer)
}

// Close drops the idle connections. The Remote stays usable.
func (r *Remote) Close() { r.client.CloseIdleConnections() }

// Ledger returns what the organization counted so far.
func (r *Remote) Ledger(ctx context.Context) (Ledger, error) {
	var l Ledger
	err := r.do(ctx, http.MethodGet, pathLedger, nil, &l)
	return l, err
}

// History returns every artefact ever made, deleted ones too, oldest first.
func (r *Remote) History(ctx context.Context) ([]Artefact, error) {
	var all []Artefact
	err := r.do(ctx, http.MethodGet, pathArtefacts, nil, &all)
	return all, err
}

// Inject plans a fault.
func (r *Remote) Inject(ctx context.Context, f Fault) error {
	return r.do(ctx, http.MethodPost, pathFaults, f, nil)
}

// Lift takes back every planned fault of an effect for an account ("" for those of all
// accounts), fired or not.
func (r *Remote) Lift(ctx context.Context, effect Effect, account string) error {
	return r.do(ctx, http.MethodDelete, pathFaults, Fault{Effect: effect, Account: account}, nil)
}

// Create puts a resource into the organization and returns its ARN.
func (r *Remote) Create(ctx context.Context, b Blueprint) (string, error) {
	var arn string
	err := r.do(ctx, http.MethodPost, pathResources, b, &arn)
	return arn, err
}

// do makes one request; into may be nil.
func (r *Remote) do(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("simulated organization %s: encode: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.url+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("simulated organization %s: %w", path, err)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("simulated organization at %s does not answer: check aws.simulator_url and that `holdfast sim serve` runs: %w", r.url, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	switch {
	case err != nil:
		return fmt.Errorf("simulated organization %s: read: %w", path, err)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("simulated organization %s: %s: %s", path, res.Status, strings.TrimSpace(string(answer)))
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("simulated organization %s: decode: %w", path, err)
	}
	return nil
}
