package dashboard

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/policy/posture"
	"holdfast/resource"
	"holdfast/web/frame"
)

// protected is one resource with how well it is protected.
type protected struct {
	ARN, Name, Account, Region, Unsupported string
	Kind                                    resource.Kind
	posture.Points
	posture.Judgement
	text string // what a search looks in
}

// Label is what people call the resource.
func (p protected) Label() string {
	if p.Name != "" {
		return p.Name
	}
	return frame.ResourceName(p.ARN)
}

// WorstTaker returns the rule that is missed most; nil without one.
func (p protected) WorstTaker() *posture.Taker {
	if p.Worst < 0 {
		return nil
	}
	return &p.Takers[p.Worst]
}

// postures are all resources of the inventory, those that need most first.
type postures struct {
	At       time.Time
	Items    []protected
	Counts   map[posture.Status]int
	ByRule   map[ruleName]int
	Accounts map[string]map[posture.Status]int
	Working  bool // nothing is known yet
}

type ruleName struct{ Plan, Rule string }

// readPosture judges every resource. It reads the inventory, an index of the points and
// the policies; a catalog with a hundred thousand resources takes about a second.
func (d *Dashboard) readPosture(ctx context.Context) (*postures, error) {
	policies, err := d.answers.policies.Get(ctx)
	if err != nil {
		return nil, err
	}
	left := map[string]posture.Points{}
	err = d.Catalog.Protection(ctx, func(p catalog.Protection) error {
		left[p.ResourceARN] = posture.Points{Count: p.Points, Last: p.Last, LastCopy: p.LastCopy}
		return nil
	})
	if err != nil {
		return nil, err
	}
	now := d.Clock.Now()
	judge := posture.New(policies.Set, now)
	all := &postures{At: now, Counts: map[posture.Status]int{}, ByRule: map[ruleName]int{}, Accounts: map[string]map[posture.Status]int{}}
	err = d.Catalog.Resources(ctx, catalog.ResourceFilter{}, func(item catalog.InventoryItem) error {
		all.add(item, left[item.ARN], judge.Look(item.Resource, left[item.ARN]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all.Items, needsMore)
	return all, nil
}

func (p *postures) add(item catalog.InventoryItem, points posture.Points, j posture.Judgement) {
	p.Items = append(p.Items, protected{
		ARN: item.ARN, Name: item.Name, Account: item.Account, Region: item.Region, Kind: item.Kind,
		Unsupported: item.Unsupported, Points: points, Judgement: j, text: strings.ToLower(item.ARN + " " + item.Name),
	})
	p.Counts[j.Status]++
	if p.Accounts[item.Account] == nil {
		p.Accounts[item.Account] = map[posture.Status]int{}
	}
	p.Accounts[item.Account][j.Status]++
	for _, t := range j.Takers {
		p.ByRule[ruleName{t.Plan, t.Rule}]++
	}
}

// needsMore orders resources: by status, then by how late they are, then by ARN.
func needsMore(a, b protected) int {
	return cmp.Or(
		cmp.Compare(slices.Index(posture.Statuses(), a.Status), slices.Index(posture.Statuses(), b.Status)),
		cmp.Compare(b.Late(), a.Late()), strings.Compare(a.ARN, b.ARN))
}

// resourceFilter selects resources; empty fields match everything.
type resourceFilter struct {
	Status                      posture.Status
	Kind, Account, Region, Rule string
	words                       []string // of the name or ARN, in lower case
}

func (f resourceFilter) matches(p *protected) bool {
	return (f.Status == "" || p.Status == f.Status) && (f.Kind == "" || string(p.Kind) == f.Kind) &&
		(f.Account == "" || p.Account == f.Account) && (f.Region == "" || p.Region == f.Region) &&
		(f.Rule == "" || slices.ContainsFunc(p.Takers, func(t posture.Taker) bool { return t.Plan+"/"+t.Rule == f.Rule })) &&
		f.says(p)
}

// says reports whether every word is in the name or ARN.
func (f resourceFilter) says(p *protected) bool {
	return !slices.ContainsFunc(f.words, func(word string) bool { return !strings.Contains(p.text, word) })
}

// page returns the resources that match f behind the one after, at most limit, how many
// match at all, and whether there are more.
func (p *postures) page(f resourceFilter, after string, limit int) (list []protected, total int, more bool) {
	passed := after == ""
	for i := range p.Items {
		item := &p.Items[i]
		if !f.matches(item) {
			passed = passed || item.ARN == after
			continue
		}
		total++
		switch {
		case !passed:
			passed = item.ARN == after
		case len(list) < limit:
			list = append(list, *item)
		default:
			more = true
		}
	}
	return list, total, more
}

// ruleQuery selects the resources a rule takes.
func ruleQuery(plan, rule string) string { return url.Values{"rule": {plan + "/" + rule}}.Encode() }
