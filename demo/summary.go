package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"holdfast/catalog"
	"holdfast/driver"
)

// Summary is what a demo prints at the end; with --output json it is the whole output.
// Lost jobs and duplicate artefacts are counted by the simulated AWS, not by Holdfast.
type Summary struct {
	Jobs           map[driver.Operation]map[catalog.State]int `json:"jobs"`
	RecoveryPoints int                                        `json:"recovery_points"` // AVAILABLE at the end
	Kinds          []string                                   `json:"kinds"`
	AWSCalls       map[string]int                             `json:"aws_calls"` // ec2:CreateSnapshot -> accepted calls
	Throttled      int                                        `json:"throttled"`
	Unnamed        map[string]int                             `json:"unnamed_calls"` // of AWSCalls that change something: without a job in the user agent
	LostJobs       int                                        `json:"lost_jobs"`
	Duplicates     int                                        `json:"duplicate_artefacts"`
	Seconds        float64                                    `json:"seconds"`
}

// Attention says what is wrong with the night, "" when nothing is.
func (s Summary) Attention() string {
	var wrong []string
	if s.LostJobs > 0 {
		wrong = append(wrong, fmt.Sprintf("%d jobs lost", s.LostJobs))
	}
	if s.Duplicates > 0 {
		wrong = append(wrong, fmt.Sprintf("%d duplicate artefacts", s.Duplicates))
	}
	if len(s.Unnamed) > 0 {
		wrong = append(wrong, fmt.Sprintf("calls that name no job: %v", s.Unnamed))
	}
	for op, states := range s.Jobs {
		if n := states[catalog.Failed] + states[catalog.Expired] + states[catalog.Aborted]; n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s jobs did not complete", n, op))
		}
	}
	slices.Sort(wrong)
	return strings.Join(wrong, ", ")
}

// operations in the order of a point's life.
var operations = []driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire, driver.Archive}

// Print writes the summary as a table.
func (s Summary) Print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "job\tcompleted\tfailed\texpired\taborted\t")
	for _, op := range operations {
		states := s.Jobs[op]
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t\n", op, states[catalog.Completed], states[catalog.Failed], states[catalog.Expired], states[catalog.Aborted])
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	calls := 0
	for _, n := range s.AWSCalls {
		calls += n
	}
	_, err := fmt.Fprintf(w, "\n%d recovery points, %s; %d AWS calls, %d throttled\nlost jobs %d, duplicate artefacts %d (counted by the simulated AWS); %.1f s\n",
		s.RecoveryPoints, strings.Join(s.Kinds, " "), calls, s.Throttled, s.LostJobs, s.Duplicates, s.Seconds)
	return err
}
