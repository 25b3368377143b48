package cli

import (
	"context"
	"net/http"
	"net/url"

	"holdfast/api"
	"holdfast/catalog"
	"holdfast/operator"
)

// SetLimit implements service.
func (c *client) SetLimit(ctx context.Context, r operator.LimitRequest) (out operator.LimitOutcome, err error) {
	return out, c.call(ctx, http.MethodPut, "/limits", r, &out)
}

func holdPath(r operator.HoldRequest) string {
	return "/points/" + url.PathEscape(r.Point) + "/holds/" + url.PathEscape(r.Name)
}

// AddHold implements service.
func (c *client) AddHold(ctx context.Context, r operator.HoldRequest) ([]catalog.Hold, error) {
	var out api.Holds
	err := c.call(ctx, http.MethodPut, holdPath(r), map[string]string{"note": r.Note}, &out)
	return out.Holds, err
}

// RemoveHold implements service.
func (c *client) RemoveHold(ctx context.Context, r operator.HoldRequest) ([]catalog.Hold, error) {
	var out api.Holds
	err := c.call(ctx, http.MethodDelete, holdPath(r), nil, &out)
	return out.Holds, err
}

func lockPath(vault string) string { return "/vaults/" + url.PathEscape(vault) + "/lock" }

// LockVault implements service.
func (c *client) LockVault(ctx context.Context, r operator.LockRequest) (out catalog.VaultLock, err error) {
	return out, c.call(ctx, http.MethodPut, lockPath(r.Vault), map[string]any{
		"mode": r.Mode, "min_days": r.MinDays, "grace_days": r.GraceDays, "reason": r.Reason,
	}, &out)
}

// UnlockVault implements service.
func (c *client) UnlockVault(ctx context.Context, vault, reason string) error {
	var out api.VaultLocks
	return c.call(ctx, http.MethodDelete, lockPath(vault)+"?"+url.Values(query{}.text("reason", reason)).Encode(), nil, &out)
}

// Approve implements service.
func (c *client) Approve(ctx context.Context, r operator.ApproveRequest) error {
	var out api.Stops
	return c.call(ctx, http.MethodPost, "/deletions/approve", map[string]any{
		"subject": r.Subject, "hours": r.For.Hours(), "reason": r.Reason,
	}, &out)
}
