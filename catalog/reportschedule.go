package catalog

import (
	"context"
	"time"
)

// ScheduledReport is how a report that is made by itself fares.
type ScheduledReport struct {
	Name        string    `json:"name"`
	FirstSeenAt time.Time `json:"first_seen_at"` // it has no fires before
	FireAt      time.Time `json:"fire_at"`       // the newest fire that was begun; zero: none
	WrittenAt   time.Time `json:"written_at"`    // when a file was written last; zero: never
	Place       string    `json:"place"`         // where that file is
	// Error is why the file of FireAt could not be written, "" when it was; Attempts counts
	// how often that was tried, and RetryAt is when it will be again.
	Error    string    `json:"error,omitempty"`
	Attempts int       `json:"attempts"`
	RetryAt  time.Time `json:"retry_at"`
}

// Done reports whether nothing is left to do for FireAt.
func (r ScheduledReport) Done() bool { return r.Error == "" }

// ReportSchedules keeps how reports that are made by themselves fare.
type ReportSchedules interface {
	// SeeReport returns the state of the report called name, recording now as when it was
	// first seen if it is new.
	SeeReport(ctx context.Context, name string, now time.Time) (ScheduledReport, error)
	// ScheduledReports returns every report that was ever seen, by name.
	ScheduledReports(ctx context.Context) ([]ScheduledReport, error)
	// SetReport stores what became of r.FireAt. A file that was written appends a
	// report.written event. It is ErrConflict when a newer fire was begun, or the file of
	// this one was written already.
	SetReport(ctx context.Context, r ScheduledReport, actor string) error
}
