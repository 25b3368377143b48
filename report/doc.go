// Package report makes reports from the catalog: what became of the jobs of a period, what
// is protected and how well, what the controls of AWS Backup Audit Manager say, and what
// storage costs. A report is data: figures, charts and tables whose columns are fixed per
// kind (Kinds). Text, CSV and JSON are written here, the HTML page by report/page.
package report
