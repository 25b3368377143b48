// Package page writes a report as one HTML page that needs nothing else: style and
// pictures are inside, nothing is fetched, no script runs. It prints on paper, and is dark
// where the reader's screen is.
package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"holdfast/report"
)

// maxRows is how many rows of a table the page shows: more are for CSV.
const maxRows = 500

//go:embed page.html
var source string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // G203: our own file
	"draw":  draw,
	"text":  func(t report.Type, v any) string { return report.Value{Type: t, Is: v}.String() },
	"number": func(t report.Type) bool {
		return t != report.Text && t != report.Outcome && t != report.Time
	},
	"tone": func(t report.Type, v any) string {
		if t != report.Outcome {
			return ""
		}
		return string(report.OutcomeTone(fmt.Sprint(v)))
	},
	"long":  long,
	"title": columnTitle,
	"shown": func(t report.Table) [][]any { return t.Rows[:min(len(t.Rows), maxRows)] },
	"more":  func(t report.Table) int { return max(0, len(t.Rows)-maxRows) + t.Left },
}).Parse(source))

// longWord is how many characters a word has that may be broken anywhere, such as an ARN:
// breaking shorter ones makes them hard to read.
const longWord = 20

func long(v any) bool {
	text, ok := v.(string)
	return ok && slices.ContainsFunc(strings.Fields(text), func(word string) bool { return len(word) > longWord })
}

// Write writes the page.
func Write(w io.Writer, r report.Report) error {
	if err := page.Execute(w, r); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}
