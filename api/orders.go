package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/operator"
)

// orders are the requests that make jobs. With dry_run they are plans: they say what would
// be done, down to the calls of a restore, and anybody may ask for them.
func (s *server) orders(api huma.API) {
	route(s, api, http.MethodPost, "/backups", "back-up", "actions", "Back up resources, or what a plan selects, now",
		func(ctx context.Context, in *body[operator.BackupRequest]) (*body[operator.Outcome], error) {
			return answer(s.desk(ctx).Backup(ctx, in.Body))
		})
	route(s, api, http.MethodPost, "/copies", "copy", "actions", "Copy a recovery point to another region or account",
		func(ctx context.Context, in *body[operator.CopyRequest]) (*body[operator.Outcome], error) {
			return answer(s.desk(ctx).Copy(ctx, in.Body))
		})
	route(s, api, http.MethodPost, "/restores", "restore", "actions", "Restore a recovery point, or plan it",
		func(ctx context.Context, in *body[operator.RestoreRequest]) (*body[operator.Outcome], error) {
			return answer(s.desk(ctx).Restore(ctx, in.Body))
		})
	route(s, api, http.MethodPost, "/expiries", "expire", "actions", "Delete a recovery point before its time",
		func(ctx context.Context, in *body[operator.ExpireRequest]) (*body[operator.Outcome], error) {
			return answer(s.desk(ctx).Expire(ctx, in.Body))
		})
}
