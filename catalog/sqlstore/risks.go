package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
)

var riskColumns = []column[catalog.Risk]{
	text("kind", func(r *catalog.Risk) *string { return &r.Kind }),
	text("subject", func(r *catalog.Risk) *string { return &r.Subject }),
	text("account", func(r *catalog.Risk) *string { return &r.Account }),
	text("plan", func(r *catalog.Risk) *string { return &r.Plan }),
	text("rule", func(r *catalog.Risk) *string { return &r.Rule }),
	integer("amount", func(r *catalog.Risk) *int { return &r.Count }),
	instant("opened_at", func(r *catalog.Risk) *time.Time { return &r.OpenedAt }),
	text("message", func(r *catalog.Risk) *string { return &r.Message }),
}

// Risks implements catalog.Risks.
func (s *Store) Risks(ctx context.Context) (risks []catalog.Risk, err error) {
	err = s.view(ctx, "read risks", func(ctx context.Context, q session) (err error) {
		risks, err = read(ctx, q, riskColumns, "FROM risks ORDER BY kind, subject")
		return err
	})
	return risks, err
}

// SetRisks implements catalog.Risks. When nothing has changed it only reads.
func (s *Store) SetRisks(ctx context.Context, kind string, risks []catalog.Risk, now time.Time, actor string) error {
	next := slices.Clone(risks)
	slices.SortFunc(next, func(a, b catalog.Risk) int { return strings.Compare(a.Subject, b.Subject) })
	old, err := s.Risks(ctx)
	if err != nil || same(next, old, kind) {
		return err
	}
	return s.update(ctx, "record risks", func(ctx context.Context, q session) error {
		if err := q.closeGate(ctx); err != nil { // also keeps two writers apart
			return err
		}
		old, err := read(ctx, q, riskColumns, "FROM risks WHERE kind = ? ORDER BY subject", kind)
		if err != nil {
			return err
		}
		events := riskEvents(kind, old, next, now, actor)
		if _, err := q.exec(ctx, "DELETE FROM risks WHERE kind = ?", kind); err != nil {
			return err
		}
		if _, err := insert(ctx, q, "risks", riskColumns, next, "kind, subject", "subject"); err != nil {
			return err
		}
		return q.addEvents(ctx, events)
	})
}

// same reports whether the risks of a kind among old are next, but for when they began.
func same(next, old []catalog.Risk, kind string) bool {
	var known []catalog.Risk
	for _, r := range old {
		if r.Kind == kind {
			known = append(known, r)
		}
	}
	return slices.EqualFunc(next, known, func(a, b catalog.Risk) bool {
		return a.Subject == b.Subject && a.Count == b.Count && a.Message == b.Message
	})
}

// riskEvents gives next its kind and beginnings and returns the events of what has changed.
func riskEvents(kind string, old, next []catalog.Risk, now time.Time, actor string) (events []catalog.Event) {
	was := map[string]catalog.Risk{}
	for _, r := range old {
		was[r.Subject] = r
	}
	for i := range next {
		r := &next[i]
		r.Kind, r.OpenedAt = kind, now
		if before, known := was[r.Subject]; known {
			r.OpenedAt = before.OpenedAt
			delete(was, r.Subject)
			continue
		}
		events = append(events, riskEvent("risk.opened", *r, now, actor))
	}
	for _, r := range old {
		if _, gone := was[r.Subject]; gone {
			events = append(events, riskEvent("risk.closed", r, now, actor))
		}
	}
	return events
}

func riskEvent(name string, r catalog.Risk, now time.Time, actor string) catalog.Event {
	data, _ := json.Marshal(r) // strings, numbers and a time always encode
	return catalog.Event{At: now, Type: name, Actor: actor, From: r.Kind, To: r.Subject, Message: r.Message, Data: data}
}

// riskCount is one row of a query that counts by account, plan and rule.
var riskCount = []column[catalog.Risk]{
	text("account", func(r *catalog.Risk) *string { return &r.Account }),
	text("plan", func(r *catalog.Risk) *string { return &r.Plan }),
	text("rule", func(r *catalog.Risk) *string { return &r.Rule }),
	integer("amount", func(r *catalog.Risk) *int { return &r.Count }),
	instant("since", func(r *catalog.Risk) *time.Time { return &r.OpenedAt }),
}

func (s *Store) countRisks(ctx context.Context, what string, describe func(*catalog.Risk), query func(dialect) string, args ...any) (risks []catalog.Risk, err error) {
	err = s.view(ctx, what, func(ctx context.Context, q session) (err error) {
		risks, err = read(ctx, q, riskCount, "FROM ("+query(q.dialect)+") found ORDER BY account, plan, rule", args...)
		return err
	})
	for i := range risks {
		describe(&risks[i])
		risks[i].OpenedAt = time.Time{}
	}
	return risks, err
}

// MissedRPO implements catalog.Risks. It reads the jobs that did not end well since each
// rule's newest fire, so its cost is that of the failures.
func (s *Store) MissedRPO(ctx context.Context) ([]catalog.Risk, error) {
	return s.countRisks(ctx, "count what missed its recovery point objective", func(r *catalog.Risk) {
		r.Kind, r.Subject = catalog.RiskRPO, r.Account+"/"+r.Plan+"/"+r.Rule
		r.Message = fmt.Sprintf("%d resources have no good backup or copy from the fire of %s", r.Count, r.OpenedAt.Format(time.RFC3339))
	}, func(d dialect) string {
		return `SELECT j.account, j.plan, j.rule, count(DISTINCT j.resource_arn) AS amount, max(j.fire_at) AS since
			FROM rules r JOIN jobs j` + d.using("jobs_outcome") + ` ON j.plan = r.plan AND j.rule = r.rule AND j.fire_at = r.last_fire_at
			WHERE j.outcome <> '' AND j.outcome IN ('FAILED', 'EXPIRED', 'ABORTED') AND j.created_at >= r.last_fire_at
			AND r.last_fire_at > 0 AND j.type IN ('backup', 'copy') AND NOT EXISTS (
				SELECT 1 FROM jobs n WHERE n.resource_arn = j.resource_arn AND n.fire_at = j.fire_at AND n.plan = j.plan
				AND n.rule = j.rule AND n.type = j.type AND n.account = j.account AND n.region = j.region AND n.state = 'COMPLETED')
			GROUP BY j.account, j.plan, j.rule`
	})
}

// WindowsClosing implements catalog.Risks. Waiting jobs lie in an index by the ends of
// their windows, for each epoch they were submitted under; restores have none.
func (s *Store) WindowsClosing(ctx context.Context, now, before time.Time) ([]catalog.Risk, error) {
	merged := map[string]catalog.Risk{}
	err := s.view(ctx, "count jobs whose window closes", func(ctx context.Context, q session) error {
		clear(merged)
		return q.eachEpoch(ctx, math.MaxInt64, func(epoch int64) error {
			part, err := read(ctx, q, riskCount, `FROM (SELECT account, plan, rule, count(*) AS amount, min(start_by) AS since `+
				q.openBy("open_submittable")+`WHERE waiting = 1 AND epoch = ? AND submit_order >= ? AND submit_order < ?
				GROUP BY account, plan, rule) found`, epoch, afterRestores+millis(now), afterRestores+millis(before))
			for _, r := range part {
				r.Kind, r.Subject = catalog.RiskWindow, r.Account+"/"+r.Plan+"/"+r.Rule
				if more, ok := merged[r.Subject]; ok {
					r.Count += more.Count
					r.OpenedAt = earlier(r.OpenedAt, more.OpenedAt)
				}
				merged[r.Subject] = r
			}
			return err
		})
	})
	risks := make([]catalog.Risk, 0, len(merged))
	for _, subject := range slices.Sorted(maps.Keys(merged)) {
		r := merged[subject]
		r.Message = fmt.Sprintf("%d jobs wait although their start window closes, the first at %s", r.Count, r.OpenedAt.Format(time.RFC3339))
		r.OpenedAt = time.Time{}
		risks = append(risks, r)
	}
	return risks, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Undeletable implements catalog.Risks.
func (s *Store) Undeletable(ctx context.Context) ([]catalog.Risk, error) {
	return s.countRisks(ctx, "count points that cannot be deleted", func(r *catalog.Risk) {
		r.Kind, r.Subject = catalog.RiskUndeletable, r.Account
		r.Message = fmt.Sprintf("%d recovery points are past their retention and could not be deleted in %d attempts or more", r.Count, catalog.UndeletableAfter)
	}, func(d dialect) string {
		return fmt.Sprintf(`SELECT account, '' AS plan, '' AS rule, count(*) AS amount, 0 AS since FROM points%s
			WHERE state = 'AVAILABLE' AND expire_attempts >= %d GROUP BY account`, d.using("points_undeletable"), catalog.UndeletableAfter)
	})
}
