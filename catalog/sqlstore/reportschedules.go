package sqlstore

import (
	"context"
	"fmt"
	"time"

	"holdfast/catalog"
)

var scheduledReportColumns = []column[catalog.ScheduledReport]{
	text("name", func(r *catalog.ScheduledReport) *string { return &r.Name }),
	instant("first_seen_at", func(r *catalog.ScheduledReport) *time.Time { return &r.FirstSeenAt }),
	instant("fire_at", func(r *catalog.ScheduledReport) *time.Time { return &r.FireAt }),
	instant("written_at", func(r *catalog.ScheduledReport) *time.Time { return &r.WrittenAt }),
	text("place", func(r *catalog.ScheduledReport) *string { return &r.Place }),
	text("error", func(r *catalog.ScheduledReport) *string { return &r.Error }),
	integer("attempts", func(r *catalog.ScheduledReport) *int { return &r.Attempts }),
	instant("retry_at", func(r *catalog.ScheduledReport) *time.Time { return &r.RetryAt }),
}

// SeeReport implements catalog.ReportSchedules. One that is known costs a read.
func (s *Store) SeeReport(ctx context.Context, name string, now time.Time) (r catalog.ScheduledReport, err error) {
	find := func(ctx context.Context, q session) ([]catalog.ScheduledReport, error) {
		return read(ctx, q, scheduledReportColumns, "FROM report_schedules WHERE name = ?", name)
	}
	var found []catalog.ScheduledReport
	err = s.view(ctx, "read report "+name, func(ctx context.Context, q session) (err error) {
		found, err = find(ctx, q)
		return err
	})
	if err != nil || len(found) == 1 {
		return append(found, r)[0], err
	}
	err = s.update(ctx, "begin report "+name, func(ctx context.Context, q session) error {
		begun := []catalog.ScheduledReport{{Name: name, FirstSeenAt: now}}
		if _, err := insert(ctx, q, "report_schedules", scheduledReportColumns, begun, "name", "name"); err != nil {
			return err
		}
		found, err := find(ctx, q)
		if err != nil {
			return err
		}
		r, err = only(found, "report", name)
		return err
	})
	return r, err
}

// ScheduledReports implements catalog.ReportSchedules.
func (s *Store) ScheduledReports(ctx context.Context) (list []catalog.ScheduledReport, err error) {
	err = s.view(ctx, "list scheduled reports", func(ctx context.Context, q session) (err error) {
		list, err = read(ctx, q, scheduledReportColumns, "FROM report_schedules ORDER BY name")
		return err
	})
	return list, err
}

// SetReport implements catalog.ReportSchedules.
func (s *Store) SetReport(ctx context.Context, r catalog.ScheduledReport, actor string) error {
	return s.update(ctx, "record report "+r.Name, func(ctx context.Context, q session) error {
		if r.Done() {
			if err := q.closeGate(ctx); err != nil {
				return err
			}
		}
		fire := millis(r.FireAt)
		changed, err := q.exec(ctx, `UPDATE report_schedules SET fire_at = ?, written_at = ?, place = ?, error = ?, attempts = ?, retry_at = ?
			WHERE name = ? AND (fire_at < ? OR fire_at = ? AND error <> '')`,
			fire, millis(r.WrittenAt), r.Place, storable(r.Error), r.Attempts, millis(r.RetryAt), r.Name, fire, fire)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fmt.Errorf("the fire of %s has been dealt with: %w", r.FireAt.Format(time.RFC3339), catalog.ErrConflict)
		}
		if !r.Done() {
			return nil
		}
		return q.addEvents(ctx, []catalog.Event{{At: r.WrittenAt, Type: "report.written", Actor: actor, To: r.Name, Message: r.Place}})
	})
}
