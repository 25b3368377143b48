package report_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"holdfast/catalog"
	"holdfast/report"
)

// TestCostReportEqualsSQL checks sizes, cost and the forecast of what exists and of what
// is added against queries of their own.
func TestCostReportEqualsSQL(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		for n := range 12 {
			v := volume(web, n)
			j := catalog.NewBackup(fmt.Sprint("cost-", n), v, "aws", "scheduler", night.AddDate(0, 0, n*5))
			j.Plan, j.Spec.DeleteAfter = []string{"Daily", "Weekly"}[n%2], []int{90, 0}[n%2]
			r.run(j, time.Hour, nil)
		}
		now := night.AddDate(0, 0, 60)
		made := r.make(report.Request{Kind: report.Cost, To: now})
		since := now.AddDate(0, 0, -30).UnixMilli()
		for plan, life := range map[string]float64{"Daily": 90, "Weekly": math.Inf(1)} {
			where := " FROM points WHERE state = 'AVAILABLE' AND plan = '" + plan + "'"
			bytes := r.number("SELECT sum(size_bytes)" + where)
			if got := cell(r.t, made.Tables[0], plan, "bytes"); got != int64(bytes) {
				r.t.Errorf("%s: %v bytes, by SQL %v", plan, got, bytes)
			}
			perDay := r.number(fmt.Sprintf("SELECT COALESCE(sum(size_bytes), 0) FROM points WHERE plan = '%s' AND created_at >= %d", plan, since)) / 30
			for column, months := range map[string]float64{"month": 0, "in_3_months": 3, "in_6_months": 6, "in_12_months": 12} {
				days := months * 365 / 12
				then := now.Add(time.Duration(days * 24 * float64(time.Hour))).UnixMilli()
				left := r.number(fmt.Sprintf("SELECT COALESCE(sum(size_bytes), 0)%s AND (delete_at = 0 OR delete_at > %d)", where, then))
				want := (left + perDay*min(days, life)) / (1 << 30) * 0.05
				if got := cell(r.t, made.Tables[0], plan, column).(float64); math.Abs(got-want) > 1e-6 {
					r.t.Errorf("%s %s: $%v, by SQL $%v", plan, column, got, want)
				}
			}
		}
	})
}
