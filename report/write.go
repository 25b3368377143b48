package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteCSV writes one table with its header: a file for spreadsheets and programs.
func WriteCSV(w io.Writer, t Table) error {
	out := csv.NewWriter(w)
	record := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		record[i] = c.Name
	}
	if err := out.Write(record); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for _, row := range t.Rows {
		for i, c := range t.Columns {
			record[i] = plain(c.Type, row[i])
		}
		if err := out.Write(record); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// plain writes a value for programs; nothing where there is nothing to say.
func plain(t Type, v any) string {
	switch is := machine(t, v).(type) {
	case nil:
		return ""
	case string:
		return defused(is)
	case float64:
		return strconv.FormatFloat(is, 'f', -1, 64)
	default:
		return fmt.Sprint(is)
	}
}

// defused keeps spreadsheets from running a text as a formula: names and tags come from
// whoever may set them.
// Source: https://owasp.org/www-community/attacks/CSV_Injection
func defused(s string) string {
	if len(s) > 1 && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// machine returns v as JSON has it.
func machine(t Type, v any) any {
	switch is := v.(type) {
	case nil:
		return nil
	case time.Time:
		if is.IsZero() {
			return nil
		}
		return is.UTC().Format(time.RFC3339)
	case time.Duration:
		return is.Seconds()
	case float64:
		if t == Money {
			return math.Round(is*100) / 100
		}
		return math.Round(is*1e6) / 1e6
	default:
		return v
	}
}

// Document is a report as JSON has it; docs/reports.md describes tables and columns.
type Document struct {
	Kind         Kind                        `json:"kind"`
	Title        string                      `json:"title"`
	Installation string                      `json:"installation"`
	From         time.Time                   `json:"from"`
	To           time.Time                   `json:"to"`
	MadeAt       time.Time                   `json:"made_at"`
	By           string                      `json:"by,omitempty"`
	Figures      map[string]any              `json:"figures"`
	Tables       map[string][]map[string]any `json:"tables"`
	Left         map[string]int              `json:"rows_left_out,omitempty"`
	Notes        []string                    `json:"notes"`
}

// NewDocument returns the whole report as one document.
func NewDocument(r Report) Document {
	doc := Document{
		Kind: r.Kind, Title: r.Title, Installation: r.Installation, From: r.From.UTC(), To: r.To.UTC(), MadeAt: r.MadeAt.UTC(), By: r.By,
		Figures: map[string]any{}, Tables: map[string][]map[string]any{}, Notes: append([]string{}, r.Notes...),
	}
	for _, f := range r.Figures {
		doc.Figures[f.Name] = machine(f.Value.Type, f.Value.Is)
	}
	for _, t := range r.Tables {
		rows := make([]map[string]any, len(t.Rows))
		for i, row := range t.Rows {
			rows[i] = make(map[string]any, len(row))
			for j, c := range t.Columns {
				rows[i][c.Name] = machine(c.Type, row[j])
			}
		}
		doc.Tables[t.Name] = rows
		if t.Left > 0 {
			if doc.Left == nil {
				doc.Left = map[string]int{}
			}
			doc.Left[t.Name] = t.Left
		}
	}
	return doc
}

// WriteJSON writes the whole report as one document.
func WriteJSON(w io.Writer, r Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(NewDocument(r)); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// textRows is how many rows of a table are shown on a terminal.
const textRows = 40

// WriteText writes the report for a terminal.
func WriteText(w io.Writer, r Report) error {
	fmt.Fprintf(w, "%s of %s, %s\n\n", r.Title, r.Installation, r.Period())
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range r.Figures {
		fmt.Fprintf(tw, "%s\t%s\n", f.Title, f.Value)
	}
	for _, t := range r.Tables {
		if len(t.Rows) > 0 || t.Name == r.Tables[0].Name {
			textTable(tw, t)
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(tw, "\n%s\n", note)
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func textTable(w io.Writer, t Table) {
	fmt.Fprintf(w, "\n%s\n", t.Title)
	if len(t.Rows) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = strings.ToUpper(strings.ReplaceAll(c.Name, "_", " "))
	}
	fmt.Fprintln(w, strings.Join(names, "\t"))
	for _, row := range t.Rows[:min(len(t.Rows), textRows)] {
		for i, c := range t.Columns {
			names[i] = oneLine(Value{c.Type, row[i]}.String())
		}
		fmt.Fprintln(w, strings.Join(names, "\t"))
	}
	if more := len(t.Rows) - textRows + t.Left; len(t.Rows) > textRows || t.Left > 0 {
		fmt.Fprintf(w, "and %d more: --format csv --table %s has them\n", max(more, t.Left), t.Name)
	}
}

// oneLine keeps what was said elsewhere from breaking the table.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Period says what span of time the report is about.
func (r Report) Period() string {
	const layout = "2006-01-02 15:04"
	if d, _ := Find(string(r.Kind)); d.Present {
		return r.MadeAt.UTC().Format(layout) + " UTC"
	}
	return r.From.UTC().Format(layout) + " to " + r.To.UTC().Format(layout) + " UTC"
}
