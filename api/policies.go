package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/operator"
	"holdfast/policy"
	"holdfast/policy/preview"
)

func (s *server) policies(api huma.API) {
	route(s, api, http.MethodGet, "/policies", "list-policies", "policies", "The plans in force", s.listPolicies)
	route(s, api, http.MethodPost, "/policies/preview", "preview-policies", "policies", "What policies would do to the inventory, before anything runs",
		func(ctx context.Context, in *body[operator.PreviewRequest]) (*body[preview.Report], error) {
			return answer(s.Office.Preview(ctx, in.Body))
		})
	route(s, api, http.MethodGet, "/policies/effective", "get-effective-policy", "policies", "The organization policy in force for an account, and where each value comes from",
		func(ctx context.Context, in *effectiveQuery) (*body[operator.Effective], error) {
			return answer(s.Office.EffectivePolicy(ctx, operator.EffectiveRequest{Account: in.Account, Region: in.Region}))
		})
}

type effectiveQuery struct {
	Account string `query:"account" required:"true" maxLength:"64" doc:"account id"`
	Region  string `query:"region" maxLength:"32" doc:"fills in $region"`
}

// Policies are the plans in force.
type Policies struct {
	Plans []Plan `json:"plans"`
}

// Plan is one plan in force.
type Plan struct {
	Name  string `json:"name"`
	Rules []Rule `json:"rules"`
}

// Rule is one rule of a plan.
type Rule struct {
	Name         string   `json:"name"`
	Vault        string   `json:"vault"`
	Engine       string   `json:"engine,omitempty"`
	DeleteAfter  int      `json:"delete_after_days,omitempty" doc:"absent: never"`
	Destinations []string `json:"copies_to,omitempty" doc:"ACCOUNT/REGION of each copy"`
}

func (s *server) listPolicies(ctx context.Context, _ *struct{}) (*body[Policies], error) {
	set, err := s.Office.Policies(ctx)
	if err != nil {
		return nil, err
	}
	out := Policies{Plans: []Plan{}}
	for _, plan := range set.Plans {
		p := Plan{Name: plan.Name, Rules: []Rule{}}
		for _, r := range plan.Rules {
			p.Rules = append(p.Rules, ruleOf(r))
		}
		out.Plans = append(out.Plans, p)
	}
	return answer(out, nil)
}

func ruleOf(r policy.Rule) Rule {
	rule := Rule{Name: r.Name, Vault: r.Vault, Engine: string(r.Engine), DeleteAfter: r.Lifecycle.DeleteAfterDays}
	for _, c := range r.CopyActions {
		rule.Destinations = append(rule.Destinations, c.Account+"/"+c.Region)
	}
	return rule
}
