package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/operator"
	"holdfast/report"
	"holdfast/report/format"
	"holdfast/report/scheduled"
)

func (s *server) reports(api huma.API) {
	route(s, api, http.MethodGet, "/reports", "list-reports", "reports", "The kinds of reports, and how those made by themselves stand", s.listReports)
	route(s, api, http.MethodGet, "/reports/{kind}", "make-report", "reports", "A report, made now", s.makeReport)
	route(s, api, http.MethodGet, "/reports/{kind}/file", "make-report-file", "reports", "A report as a file for spreadsheets or people", s.reportFile)
}

// Reports are the kinds of reports.
type Reports struct {
	Kinds     []ReportKind       `json:"kinds"`
	Schedules []scheduled.Status `json:"schedules" doc:"those made by themselves"`
}

// ReportKind describes one kind.
type ReportKind struct {
	Kind    string   `json:"kind"`
	Title   string   `json:"title"`
	Doc     string   `json:"doc"`
	Grouped bool     `json:"grouped" doc:"by says what the rows are"`
	Present bool     `json:"present" doc:"it is about the present: leave from and to out"`
	Tables  []string `json:"tables"`
}

func (s *server) listReports(ctx context.Context, _ *struct{}) (*body[Reports], error) {
	var out Reports
	for _, d := range report.Kinds() {
		out.Kinds = append(out.Kinds, ReportKind{string(d.Kind), d.Title, d.Doc, d.Grouped, d.Present, d.TableNames()})
	}
	list, err := s.Reports.Schedules(ctx)
	out.Schedules = append([]scheduled.Status{}, list...)
	return answer(out, err)
}

// ReportQuery says which report is wanted.
type ReportQuery struct {
	Kind string    `path:"kind" maxLength:"32"`
	From time.Time `query:"from" doc:"begin of the period, RFC 3339; as long ago as the kind usually is about when left out"`
	To   time.Time `query:"to" doc:"end of the period; now when left out"`
	By   string    `query:"by" maxLength:"256" doc:"account, unit, plan or tag=KEY"`
}

// reportTimeout bounds the work on one report.
const reportTimeout = time.Minute

// made makes the report that is asked for, or refuses with everything that is wrong.
func (s *server) made(ctx context.Context, in ReportQuery) (report.Report, error) {
	wish := report.Wish{Kind: in.Kind, From: in.From, To: in.To, By: in.By}
	if _, known := report.Find(in.Kind); !known {
		return report.Report{}, huma.Error404NotFound("there is no report " + in.Kind)
	}
	var problems []operator.Problem
	for _, fault := range s.Reports.Check(wish) {
		problems = append(problems, operator.Problem{Message: fault.Field + ": " + fault.Message})
	}
	if len(problems) > 0 {
		return report.Report{}, &operator.Refusal{Problems: problems}
	}
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	return s.Reports.Make(ctx, wish)
}

func (s *server) makeReport(ctx context.Context, in *ReportQuery) (*body[report.Document], error) {
	made, err := s.made(ctx, *in)
	if err != nil {
		return nil, err
	}
	return answer(report.NewDocument(made), nil)
}

type reportFileQuery struct {
	ReportQuery
	Format string `query:"format" enum:"csv,html" default:"csv"`
	Table  string `query:"table" maxLength:"32" doc:"table of a CSV file; the first when left out"`
}

// reportFile is a file and its type.
type reportFile struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *server) reportFile(ctx context.Context, in *reportFileQuery) (*reportFile, error) {
	made, err := s.made(ctx, in.ReportQuery)
	if err != nil {
		return nil, err
	}
	if _, err := made.Table(in.Table); err != nil {
		return nil, &operator.Refusal{Problems: []operator.Problem{{Message: err.Error()}}}
	}
	var file bytes.Buffer
	if err := format.Write(&file, made, in.Format, in.Table); err != nil {
		return nil, err
	}
	return &reportFile{format.MediaType(in.Format), file.Bytes()}, nil
}
