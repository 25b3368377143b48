package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/report"
	"holdfast/report/cost"
	"holdfast/report/page"
)

// ReportSource returns what reports of the installation are made from at now. Policies
// that have problems are an error, because a report without them would call everything
// unprotected.
func ReportSource(ctx context.Context, cfg *config.Config, store catalog.Store, drivers *driver.Registry, now time.Time) (report.Source, error) {
	src := report.Source{Store: store, Installation: cfg.Installation, Now: now, Prices: cost.Default(), Parameters: report.DefaultParameters()}
	last, err := store.LastValidPolicies(ctx)
	if err != nil {
		return src, err
	}
	policies, err := LoadPolicies(cfg, drivers, last)
	if err != nil {
		return src, err
	}
	if policies.Set == nil {
		return src, failure.Errorf(failure.Invalid, "the policies have problems, see `holdfast policy validate`: a report without them would be wrong")
	}
	src.Policies = policies.Set
	return src, nil
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
	case "html":
		return page.Write(w, r)
	}
	return fmt.Errorf("reports are not written as %q", format)
}

// ReadPrices reads a price file.
func ReadPrices(file string) (cost.Prices, error) {
	data, err := os.ReadFile(file) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return cost.Prices{}, fmt.Errorf("prices: %w", err)
	}
	return cost.Parse(file, data)
}
