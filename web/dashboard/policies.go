package dashboard

import (
	"net/http"
	"time"

	"holdfast/policy"
	"holdfast/resource"
	"holdfast/web/frame"
)

// policiesPage is the data of policies.html.
type policiesPage struct {
	frame.Page
	Policies Policies
	Plans    []planView
	trial
}

// planView is a plan with what it does.
type planView struct {
	*policy.Plan
	Rules []ruleView
}

// ruleView is a rule with what it takes.
type ruleView struct {
	*policy.Rule
	Next  time.Time
	Takes int
	Link  string
}

// policies serves what is in force and what each rule takes.
func (d *Dashboard) policies(w http.ResponseWriter, r *http.Request) error {
	if account := query(r, "account"); account != "" {
		if !resource.ValidAccount(account) {
			return badRequest{"An account is twelve digits."}
		}
		http.Redirect(w, r, "/accounts/"+account+"#effective", http.StatusSeeOther) //nolint:gosec // G710: account is twelve digits
		return nil
	}
	page, err := d.readPolicies(r)
	if err != nil {
		return err
	}
	return d.render(w, "policies.html", page)
}

func (d *Dashboard) readPolicies(r *http.Request) (page policiesPage, err error) {
	page.Page = d.Frame.Page(r, "Policies")
	if page.Policies, err = d.answers.policies.Get(r.Context()); err != nil {
		return page, err
	}
	takes := map[ruleName]int{}
	if state, err := d.postures(r.Context()); err == nil {
		takes = state.ByRule
	}
	if page.Policies.Set == nil {
		return page, nil
	}
	for i := range page.Policies.Set.Plans {
		plan := &page.Policies.Set.Plans[i]
		view := planView{Plan: plan}
		for k := range plan.Rules {
			rule := &plan.Rules[k]
			next, _ := rule.Next(page.Now)
			view.Rules = append(view.Rules, ruleView{
				rule, next, takes[ruleName{plan.Name, rule.Name}], "/resources?" + ruleQuery(plan.Name, rule.Name),
			})
		}
		page.Plans = append(page.Plans, view)
	}
	return page, nil
}
