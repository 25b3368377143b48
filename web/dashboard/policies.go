package dashboard

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/policy"
	"holdfast/policy/difference"
	"holdfast/web/frame"
)

// policiesPage is the data of policies.html.
type policiesPage struct {
	frame.Page
	Policies Policies
	Plans    []planView
	Text     string // the document to compare
	Compared *comparison
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

// comparison is what a document would change.
type comparison struct {
	Problems    []policy.Problem
	Rules       []difference.RuleChange
	Changes     []difference.ResourceChange // at most maxChanges
	Changed     int
	Unprotected int
	Looked      int
}

// Limits of a comparison.
const (
	maxChanges       = 100
	maxDocumentBytes = 512 << 10
)

// policies serves what is in force and what each rule takes.
func (d *Dashboard) policies(w http.ResponseWriter, r *http.Request) error {
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

// compare serves what a document would change, and changes nothing.
func (d *Dashboard) compare(w http.ResponseWriter, r *http.Request) error {
	page, err := d.readPolicies(r)
	if err != nil {
		return err
	}
	page.Text = strings.ReplaceAll(r.PostFormValue("document"), "\r\n", "\n")
	if page.Compared, err = d.comparePolicies(r.Context(), page.Policies.Set, page.Text); err != nil {
		return err
	}
	return d.render(w, "policies.html", page)
}

func (d *Dashboard) comparePolicies(ctx context.Context, before *policy.Set, text string) (*comparison, error) {
	c := &comparison{}
	if len(text) > maxDocumentBytes {
		c.Problems = []policy.Problem{{File: "document", Message: "is longer than 512 KiB: compare it with holdfast policy diff"}}
		return c, nil
	}
	after, result := policy.Compile([]policy.File{{Name: "document.yaml", Data: []byte(text)}}, d.Capabilities)
	if c.Problems = result.Problems; len(c.Problems) > 0 {
		return c, nil
	}
	if before == nil {
		before = &policy.Set{}
	}
	c.Rules = difference.Rules(before, after)
	err := d.Catalog.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		c.Looked++
		change, changed := difference.Resource(before, after, item.Resource)
		if !changed {
			return nil
		}
		c.Changed++
		if change.Unprotected {
			c.Unprotected++
		}
		if len(c.Changes) < maxChanges {
			c.Changes = append(c.Changes, change)
		}
		return nil
	})
	slices.SortStableFunc(c.Changes, func(a, b difference.ResourceChange) int { return boolOrder(b.Unprotected) - boolOrder(a.Unprotected) })
	return c, err
}
