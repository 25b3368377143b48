package demo

import (
	"context"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/sim"
)

// judge asks the simulation what was lost or made twice. What should have been taken, and
// what was, it knows by itself. When rules were due is the catalog's to say (the night waits
// until every rule was), and so is which backups ended without an artefact: those are shown
// as failed, expired or aborted and not lost.
func (n *night) judge(ctx context.Context) (sim.Verdict, error) {
	fires := map[string][]time.Time{}
	for _, plan := range n.set.Plans {
		for _, rule := range plan.Rules {
			known, err := n.Store.Fires(ctx, plan.Name, rule.Name, 1000)
			if err != nil {
				return sim.Verdict{}, err
			}
			for _, fire := range known {
				if fire.State == catalog.FirePlanned {
					fires[plan.Name+"/"+rule.Name] = append(fires[plan.Name+"/"+rule.Name], fire.At)
				}
			}
		}
	}
	ended, err := n.endedWithoutArtefact(ctx)
	if err != nil {
		return sim.Verdict{}, err
	}
	return sim.Judge(n.company.History(), sim.Case{
		Expected: n.company.Expected,
		Fires:    func(plan, rule string) []time.Time { return fires[plan+"/"+rule] },
		Ended:    func(d sim.Due) bool { return ended[d] },
	}), nil
}

func (n *night) endedWithoutArtefact(ctx context.Context) (map[sim.Due]bool, error) {
	ended := map[sim.Due]bool{}
	filter := catalog.JobFilter{
		Types:  []driver.Operation{driver.Backup},
		States: []catalog.State{catalog.Failed, catalog.Expired, catalog.Aborted}, Limit: 1000,
	}
	for {
		jobs, err := n.Store.ListJobs(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			ended[sim.Due{ResourceARN: j.ResourceARN, Plan: j.Plan, Rule: j.Rule, Fire: j.FireAt}] = true
		}
		if len(jobs) < filter.Limit {
			return ended, nil
		}
		filter.After = jobs[len(jobs)-1].ID
	}
}
