package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"holdfast/api"
	"holdfast/catalog"
	"holdfast/operator"
	"holdfast/policy/preview"
)

// ShowJob implements service.
func (c *client) ShowJob(ctx context.Context, id string) (out operator.JobDetails, err error) {
	return out, c.get(ctx, "/jobs/"+url.PathEscape(id), nil, &out)
}

// ShowPoint implements service.
func (c *client) ShowPoint(ctx context.Context, id string) (out operator.PointDetails, err error) {
	return out, c.get(ctx, "/points/"+url.PathEscape(id), nil, &out)
}

// ListLimits implements service.
func (c *client) ListLimits(ctx context.Context) (out operator.LimitList, err error) {
	return out, c.get(ctx, "/limits", nil, &out)
}

// ListAccounts implements service.
func (c *client) ListAccounts(ctx context.Context) (out operator.AccountList, err error) {
	return out, c.get(ctx, "/accounts", nil, &out)
}

// HeldPoints implements service; the API knows legal holds only.
func (c *client) HeldPoints(ctx context.Context, _ catalog.HoldKind, limit int) ([]catalog.Hold, error) {
	var out api.Holds
	err := c.get(ctx, "/holds", query{}.number("limit", int64(limit)), &out)
	return out.Holds, err
}

// VaultLocks implements service.
func (c *client) VaultLocks(ctx context.Context) ([]catalog.VaultLock, error) {
	var out api.VaultLocks
	err := c.get(ctx, "/vaults", nil, &out)
	return out.Locks, err
}

// Stops implements service.
func (c *client) Stops(ctx context.Context) ([]catalog.Stop, error) {
	var out api.Stops
	err := c.get(ctx, "/deletions", nil, &out)
	return out.Stops, err
}

// SearchEvents implements service.
func (c *client) SearchEvents(ctx context.Context, f catalog.EventSearch) (catalog.EventPage, error) {
	var out api.EventsFound
	err := c.get(ctx, "/audit", query{}.text("job", f.JobID).text("point", f.PointID).text("actor", f.Actor).text("type", f.Type).
		text("text", f.Text).instant("until", f.Until).number("before", f.Before).number("limit", int64(f.Limit)), &out)
	return catalog.EventPage{Events: out.Events, Next: out.Next, Searched: out.Searched}, err
}

// maxPage is the most entries the API returns at once.
const maxPage = 1000

// ListResources implements service, page by page.
func (c *client) ListResources(ctx context.Context, r operator.ResourceQuery) (list operator.ResourceList, err error) {
	list.Resources = []operator.ResourceEntry{}
	for next := r.After; ; {
		q := query{}.list("kind", names(r.Kinds)).text("account", r.Account).text("region", r.Region).flag("gone", r.IncludeGone).
			flag("unprotected", r.Unprotected).text("after", next).number("limit", int64(min(r.Limit-len(list.Resources), maxPage)))
		var out operator.ResourceList
		if err := c.get(ctx, "/resources", q, &out); err != nil {
			return list, err
		}
		list.Resources, list.Next = append(list.Resources, out.Resources...), out.Next
		if next = out.Next; next == "" || len(list.Resources) >= r.Limit {
			return list, nil
		}
	}
}

// Preview implements service.
func (c *client) Preview(ctx context.Context, r operator.PreviewRequest) (out preview.Report, err error) {
	return out, c.call(ctx, http.MethodPost, "/policies/preview", r, &out)
}

// EffectivePolicy implements service.
func (c *client) EffectivePolicy(ctx context.Context, r operator.EffectiveRequest) (out operator.Effective, err error) {
	if err := c.get(ctx, "/policies/effective", query{}.text("account", r.Account).text("region", r.Region), &out); err != nil {
		return out, err
	}
	// On its way the document has lost its lines.
	var b bytes.Buffer
	if err := json.Indent(&b, out.Policy, "", "  "); err != nil {
		return out, err
	}
	b.WriteByte('\n')
	out.Policy = b.Bytes()
	return out, nil
}
