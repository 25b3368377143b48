// Package format writes reports in every shape there is.
package format

import (
	"fmt"
	"io"

	"holdfast/report"
	"holdfast/report/page"
)

// The formats, which are the endings of files too, but for Text.
const (
	Text = "text" // a table for terminals
	CSV  = "csv"  // one table
	JSON = "json" // everything
	HTML = "html" // one page that needs nothing else
)

// Lines is the format of files that are no reports: a JSON value a line.
const Lines = "jsonl"

// Names lists the formats, the default of commands first.
func Names() []string { return []string{Text, CSV, JSON, HTML} }

// MediaType returns what a browser, or S3, is told about a file of the format.
func MediaType(format string) string {
	switch format {
	case HTML:
		return "text/html; charset=utf-8"
	case CSV:
		return "text/csv; charset=utf-8"
	case JSON:
		return "application/json"
	case Lines:
		return "application/jsonl"
	default:
		return "text/plain; charset=utf-8"
	}
}

// Write writes r. CSV has the table of that name, the first when it is empty.
func Write(w io.Writer, r report.Report, format, table string) error {
	switch format {
	case Text:
		return report.WriteText(w, r)
	case JSON:
		return report.WriteJSON(w, r)
	case CSV:
		t, err := r.Table(table)
		if err != nil {
			return err
		}
		return report.WriteCSV(w, t)
	case HTML:
		return page.Write(w, r)
	}
	return fmt.Errorf("reports are not written as %q", format)
}
