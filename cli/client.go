package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/api"
	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/operator"
	"holdfast/policy"
)

// client does through a server's API what operator.Desk and catalog.Store do here.
type client struct {
	base  string // with api.Prefix
	token string
	http  *http.Client
}

const (
	callTimeout = time.Minute
	maxAnswer   = 64 << 20
)

// problemAnswer is how the API says what is wrong.
type problemAnswer struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Message  string          `json:"message"`
		Location string          `json:"location"`
		Value    json.RawMessage `json:"value"`
	} `json:"errors"`
}

// call sends in as JSON, unless it is nil, and reads the answer into out.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var content io.Reader = http.NoBody
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return refusedBy(response.StatusCode, data)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("the server's answer cannot be read, is it a Holdfast of this version? %w", err)
	}
	return nil
}

// refusedBy turns a problem document into the error the desk would have returned.
func refusedBy(status int, data []byte) error {
	var p problemAnswer
	if err := json.Unmarshal(data, &p); err != nil || p.Title == "" {
		return fmt.Errorf("the server answered %d, not as Holdfast's API does: does --server name its address without a path?", status)
	}
	switch {
	case status == http.StatusNotFound:
		return fmt.Errorf("%s: %w", p.Detail, catalog.ErrNotFound)
	case len(p.Errors) > 0 && strings.HasPrefix(p.Errors[0].Location, "policy."):
		return p.policyError()
	case status == http.StatusConflict && len(p.Errors) > 0:
		changed := &operator.LimitConflictError{}
		if err := json.Unmarshal(p.Errors[0].Value, changed); err != nil {
			return errors.New(p.Detail)
		}
		return &failure.Error{Class: failure.Conflict, Err: changed}
	case status == http.StatusUnprocessableEntity && len(p.Errors) > 0:
		refusal := &operator.Refusal{}
		for _, e := range p.Errors {
			refusal.Problems = append(refusal.Problems, operator.Problem{Field: fieldOf(e.Location), Message: e.Message})
		}
		return &failure.Error{Class: failure.Invalid, Err: refusal}
	case status == http.StatusUnprocessableEntity:
		return badInput("%s", p.Detail)
	default:
		return errors.New(p.Detail)
	}
}

// fieldOf returns the field of a request that a location of a problem is about.
func fieldOf(location string) string {
	_, field, _ := strings.Cut(location, ".")
	return field
}

// policyError returns what is wrong with policy documents.
func (p problemAnswer) policyError() error {
	wrong := &operator.PolicyError{Kind: fieldOf(p.Errors[0].Location)}
	for _, e := range p.Errors {
		var found policy.Problem
		if err := json.Unmarshal(e.Value, &found); err != nil {
			found.Message = e.Message
		}
		wrong.Problems = append(wrong.Problems, found)
	}
	return &failure.Error{Class: failure.Invalid, Err: wrong}
}

// get reads what is at path into out.
func (c *client) get(ctx context.Context, path string, q query, out any) error {
	if len(q) > 0 {
		path += "?" + url.Values(q).Encode()
	}
	return c.call(ctx, http.MethodGet, path, nil, out)
}

// Backup implements service.
func (c *client) Backup(ctx context.Context, r operator.BackupRequest) (out operator.Outcome, err error) {
	return out, c.call(ctx, http.MethodPost, "/backups", r, &out)
}

// Copy implements service.
func (c *client) Copy(ctx context.Context, r operator.CopyRequest) (out operator.Outcome, err error) {
	return out, c.call(ctx, http.MethodPost, "/copies", r, &out)
}

// Restore implements service.
func (c *client) Restore(ctx context.Context, r operator.RestoreRequest) (out operator.Outcome, err error) {
	return out, c.call(ctx, http.MethodPost, "/restores", r, &out)
}

// Expire implements service.
func (c *client) Expire(ctx context.Context, r operator.ExpireRequest) (out operator.Outcome, err error) {
	return out, c.call(ctx, http.MethodPost, "/expiries", r, &out)
}

func (c *client) change(ctx context.Context, how string, ids []string) ([]operator.Change, error) {
	var out struct{ Jobs []operator.Change }
	err := c.call(ctx, http.MethodPost, "/jobs/"+how, map[string][]string{"ids": append([]string{}, ids...)}, &out)
	return out.Jobs, err
}

// Cancel implements service.
func (c *client) Cancel(ctx context.Context, ids []string) ([]operator.Change, error) {
	return c.change(ctx, "cancel", ids)
}

// Retry implements service.
func (c *client) Retry(ctx context.Context, ids []string) ([]operator.Change, error) {
	return c.change(ctx, "retry", ids)
}

// Release implements service.
func (c *client) Release(ctx context.Context, ids []string) ([]operator.Change, error) {
	return c.change(ctx, "release", ids)
}

// Job implements service.
func (c *client) Job(ctx context.Context, id string) (catalog.Job, error) {
	out, err := c.ShowJob(ctx, id)
	return out.Job, err
}

// JobsByID implements service.
func (c *client) JobsByID(ctx context.Context, ids []string) (map[string]catalog.Job, error) {
	found := make(map[string]catalog.Job, len(ids))
	for some := range slices.Chunk(ids, api.MaxByID) {
		var out api.Jobs
		if err := c.get(ctx, "/jobs/by-id", query{}.list("id", some), &out); err != nil {
			return nil, err
		}
		for _, job := range out.Jobs {
			found[job.ID] = job
		}
	}
	return found, nil
}

// Point implements service.
func (c *client) Point(ctx context.Context, id string) (catalog.RecoveryPoint, error) {
	out, err := c.ShowPoint(ctx, id)
	return out.Point, err
}

// ListJobs implements service.
func (c *client) ListJobs(ctx context.Context, f catalog.JobFilter) ([]catalog.Job, error) {
	q := query{}
	q.list("type", names(f.Types)).list("state", names(f.States)).list("kind", names(f.Kinds)).list("class", names(f.Classes)).
		text("account", f.Account).text("region", f.Region).text("resource", f.ResourceARN).text("plan", f.Plan).text("rule", f.Rule).
		text("chain", f.ChainID).text("point", f.PointID).instant("since", f.Since).instant("until", f.Until).
		text("after", f.After).text("limit", strconv.Itoa(f.Limit))
	var out api.Jobs
	err := c.get(ctx, "/jobs", q, &out)
	return out.Jobs, err
}

// ListPoints implements service.
func (c *client) ListPoints(ctx context.Context, f catalog.PointFilter) ([]catalog.RecoveryPoint, error) {
	page, err := c.SearchPoints(ctx, f)
	return page.Points, err
}

// SearchPoints implements service.
func (c *client) SearchPoints(ctx context.Context, f catalog.PointFilter) (page catalog.PointPage, err error) {
	q := query{}
	q.list("state", names(f.States)).list("kind", names(f.Kinds)).
		text("account", f.Account).text("region", f.Region).text("resource", f.ResourceARN).text("plan", f.Plan).text("text", f.Text).
		text("chain", f.ChainID).instant("before", f.CompletedBefore).text("after", f.After).text("limit", strconv.Itoa(f.Limit))
	var out api.Points
	err = c.get(ctx, "/points", q, &out)
	page.Points, page.Next = out.Points, out.Next
	return page, err
}
