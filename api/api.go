// Package api serves everything people see and do in Holdfast as JSON over HTTP, below
// /api/v1. Its OpenAPI document is made from the types of the handlers. Who a request is
// from is found out before it gets here (access.From); what they may do is decided by the
// same desk the commands use.
package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/awscall"
	"holdfast/internal/clock"
	"holdfast/operator"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
	"holdfast/policy/preview"
	"holdfast/report/ondemand"
)

// Prefix is below which the API answers.
const Prefix = "/api/v1"

// Limits of requests.
const (
	maxBody  = 1 << 20
	maxLimit = 1000
)

// Options are what the API works with; all are required.
type Options struct {
	Office  *operator.Office
	Catalog catalog.Store
	Reports *ondemand.Maker
	Clock   clock.Clock
	Log     zerolog.Logger
}

// server has the handlers.
type server struct{ Options }

// New returns the handler of everything below Prefix.
func New(opts Options) http.Handler {
	mux := http.NewServeMux()
	build(mux, &server{opts})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, http.StatusNotFound, "there is nothing at "+r.URL.Path+": see "+Prefix+"/openapi.json")
	})
	return http.MaxBytesHandler(replies{opts.Catalog, opts.Clock, opts.Log, mux}, maxBody)
}

// OpenAPI returns the OpenAPI 3.1 document of the API.
func OpenAPI() ([]byte, error) {
	return build(http.NewServeMux(), &server{}).OpenAPI().YAML()
}

// schemaNames are of types that have the name of another one.
var schemaNames = map[reflect.Type]string{
	reflect.TypeFor[awscall.Call]():      "AWSCall",
	reflect.TypeFor[policy.Problem]():    "PolicyProblem",
	reflect.TypeFor[preview.Rule]():      "PreviewRule",
	reflect.TypeFor[orgpolicy.Ignored](): "IgnoredSetting",
	reflect.TypeFor[orgpolicy.Step]():    "ProvenanceStep",
}

func schemaName(t reflect.Type, hint string) string {
	if name, ok := schemaNames[t]; ok {
		return name
	}
	return huma.DefaultSchemaNamer(t, hint)
}

func build(mux *http.ServeMux, s *server) huma.API {
	config := huma.DefaultConfig("Holdfast", "1")
	config.Info.Description = "Jobs, recovery points, resources, limits and history of a Holdfast installation, and " +
		"everything an operator does. A program sends the token that `holdfast token create` made."
	config.CreateHooks = nil // no $schema in answers
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[orgpolicy.Value](), reflect.TypeFor[any]())
	config.DocsPath, config.SchemasPath = "", ""
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}}
	api := humago.NewWithPrefix(mux, Prefix, config)
	api.UseMiddleware(func(c huma.Context, next func(huma.Context)) {
		if err := access.From(c.Context()).Check(access.View); err != nil {
			_ = huma.WriteErr(api, c, http.StatusForbidden, err.Error())
			return
		}
		next(c)
	})
	s.jobs(api)
	s.points(api)
	s.orders(api)
	s.inventory(api)
	s.policies(api)
	s.guards(api)
	s.limits(api)
	s.history(api)
	s.reports(api)
	return api
}

// desk returns the desk of whoever a request is from.
func (s *server) desk(ctx context.Context) *operator.Desk { return s.Office.For(access.From(ctx)) }

// body is an answer with a document.
type body[T any] struct{ Body T }

func answer[T any](doc T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{doc}, nil
}

// route registers one operation. write says that it changes something.
func route[In, Out any](s *server, api huma.API, method, path, id, tag, summary string, do func(context.Context, *In) (*Out, error)) {
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{tag}, MaxBodyBytes: maxBody}
	op.Errors = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	if method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusConflict)
		op.Parameters = []*huma.Param{{
			Name: keyHeader, In: "header", Schema: &huma.Schema{Type: "string", MaxLength: new(operator.MaxKey)},
			Description: "The same key gets the same answer for a day, however often it is sent; what it asks for is done once.",
		}}
	}
	huma.Register(api, op, func(ctx context.Context, in *In) (*Out, error) {
		out, err := do(ctx, in)
		return out, s.fault(ctx, id, err)
	})
}

// fault turns an error into the answer it gets.
func (s *server) fault(_ context.Context, operation string, err error) error {
	var refusal *operator.Refusal
	var changed *operator.LimitConflictError
	var documents *operator.PolicyError
	var status huma.StatusError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &status):
		return status
	case errors.As(err, &refusal):
		details := make([]error, len(refusal.Problems))
		for i, p := range refusal.Problems {
			details[i] = &huma.ErrorDetail{Message: p.Message, Location: location(p.Field)}
		}
		return huma.Error422UnprocessableEntity("the request was refused; nothing was changed", details...)
	case errors.As(err, &changed):
		return huma.Error409Conflict(changed.Error()+"; nothing was changed",
			&huma.ErrorDetail{Message: changed.Error(), Location: "body.expect_version", Value: changed})
	case errors.As(err, &documents):
		details := make([]error, len(documents.Problems))
		for i, p := range documents.Problems {
			details[i] = &huma.ErrorDetail{Message: p.String(), Location: policyLocation + documents.Kind, Value: p}
		}
		return huma.Error422UnprocessableEntity(documents.Error(), details...)
	case failure.Is(err, failure.Denied):
		return huma.Error403Forbidden(err.Error())
	case errors.Is(err, catalog.ErrNotFound):
		return huma.Error404NotFound("there is no such thing")
	case failure.Is(err, failure.Invalid):
		return huma.Error422UnprocessableEntity(err.Error())
	default:
		s.Log.Error().Err(err).Str("operation", operation).Str("class", string(failure.ClassOf(err))).Msg("the API could not answer")
		return huma.Error503ServiceUnavailable("the request could not be answered; the log says why")
	}
}

// policyLocation begins the locations of problems with policy documents; what is wrong
// with them follows.
const policyLocation = "policy."

func location(field string) string {
	if field == "" {
		return ""
	}
	return "body." + field
}
