package page

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"holdfast/report"
)

// hostile is a report whose texts come from somebody who means ill.
func hostile() report.Report {
	const evil = `"><script>alert(1)</script>`
	made := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	return report.Report{
		Kind: report.BackupJobs, Title: "Backup jobs", Installation: "acme", From: made.AddDate(0, 0, -1), To: made, MadeAt: made, By: evil,
		Figures: []report.Figure{{Name: "jobs", Title: evil, Value: report.Value{Type: report.Count, Is: int64(1234567)}, Tone: report.Bad}},
		Charts: []report.Chart{
			{Title: evil, Shape: report.Bars, Labels: []string{evil, "b"}, Type: report.Count, Series: []report.Series{{Name: evil, Values: []float64{3, 0}}, {Name: "x", Values: []float64{1, 0}}}},
			{Title: "over time", Shape: report.Columns, Labels: []string{evil}, Type: report.Bytes, Series: []report.Series{{Name: "x", Values: []float64{1 << 40}}}},
			{Title: "line", Shape: report.Line, Labels: []string{"a", evil}, Type: report.Money, Series: []report.Series{{Name: evil, Dashed: true, Values: []float64{1, 2}}}},
			{Title: "empty", Shape: report.Columns, Type: report.Count},
		},
		Tables: []report.Table{{
			Name: "groups", Title: evil, Columns: []report.Column{{Name: "group", Type: report.Text, Doc: evil}, {Name: "state", Type: report.Outcome}, {Name: "took", Type: report.Duration}},
			Rows: [][]any{{evil, "breached", 90 * time.Minute}, {"x", "within", nil}}, Left: 7,
		}},
		Notes: []string{evil},
	}
}

// TestPageEscapesEverything also checks that the page is whole: every element is closed.
func TestPageEscapesEverything(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := Write(&b, hostile()); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"<script", "http://", "https://", "<link", "NaN"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %q in it", bad)
		}
	}
	for _, want := range []string{"1,234,567", "1h30m", `class="mark bad"`, "and 7 more rows", "1.0 TiB", "$2.00"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(text))
	decoder.Strict = false
	decoder.AutoClose = []string{"meta", "!DOCTYPE"}
	decoder.Entity = xml.HTMLEntity
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the page is not whole: %v", err)
		}
	}
}

func TestLongTablesAreCut(t *testing.T) {
	t.Parallel()
	r := hostile()
	for len(r.Tables[0].Rows) < maxRows+20 {
		r.Tables[0].Rows = append(r.Tables[0].Rows, []any{"row", "within", nil})
	}
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "<tr>"); got != maxRows+1 {
		t.Errorf("%d rows, want %d and the header", got, maxRows)
	}
	if !strings.Contains(b.String(), "and 27 more rows") {
		t.Error("the page does not say how many rows are left out")
	}
}
