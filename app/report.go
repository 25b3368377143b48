package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/report"
)

// ReportSource returns what reports of the installation are made from at now.
func ReportSource(_ context.Context, cfg *config.Config, store catalog.Store, _ *driver.Registry, now time.Time) (report.Source, error) {
	return report.Source{Store: store, Installation: cfg.Installation, Now: now}, nil
}

// WriteReport writes a report as text, csv, json or html. CSV has the table of that name,
// the first when it is empty.
func WriteReport(w io.Writer, r report.Report, format, table string) error {
	switch format {
	case "text":
		return report.WriteText(w, r)
	case "json":
		return report.WriteJSON(w, r)
	case "csv":
		t, err := r.Table(table)
		if err != nil {
			return err
		}
		return report.WriteCSV(w, t)
	}
	return fmt.Errorf("reports are not written as %q", format)
}
