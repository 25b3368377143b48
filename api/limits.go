package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/access"
	"holdfast/operator"
)

func (s *server) limits(api huma.API) {
	route(s, api, http.MethodGet, "/limits", "list-limits", "limits", "List every cap with what is held and waited for", s.listLimits)
	route(s, api, http.MethodPut, "/limits", "set-limit", "limits", "Set a cap or a weight, or take it away",
		func(ctx context.Context, in *body[operator.LimitRequest]) (*body[operator.LimitOutcome], error) {
			return answer(s.desk(ctx).SetLimit(ctx, in.Body))
		})
	route(s, api, http.MethodGet, "/me", "get-me", "access", "Who the request is from, and what they may do", s.getMe)
}

func (s *server) listLimits(ctx context.Context, _ *struct{}) (*body[operator.LimitList], error) {
	return answer(s.Office.ListLimits(ctx))
}

// Me is who a request is from.
type Me struct {
	access.Actor
	May []access.Action `json:"may"`
}

func (s *server) getMe(ctx context.Context, _ *struct{}) (*body[Me], error) {
	me := Me{Actor: access.From(ctx)}
	for _, r := range access.Rights() {
		if access.May(me.Role, r.Action) {
			me.May = append(me.May, r.Action)
		}
	}
	return answer(me, nil)
}
