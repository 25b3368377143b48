package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// document is everything one run found.
type document struct {
	Loads []result `json:"loads"`
}

// result is one load.
type result struct {
	Name string `json:"name"`
	// OpSeconds is how long an operation takes; the mean where they differ.
	OpSeconds  float64            `json:"op_seconds"`
	Contenders map[string]outcome `json:"contenders"`
}

func (d document) writeText(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "load\tcontender\tjobs/s\tmakespan:ideal\tslots used\tattempts/job\tover cap\tp99 wait\twith:without crowd\tbytes/waiting job\tRedis CPU s/1000 jobs\tunfinished")
	for _, r := range d.Loads {
		for _, name := range contenderNames() {
			o, ok := r.Contenders[name]
			if !ok {
				continue
			}
			fmt.Fprintf(tw, "%s\t%s\t%.0f\t%.2f\t%.3f\t%.2f\t%d\t%.2f s\t%.2f\t%.0f\t%.3f\t%d\n", r.Name, name,
				o.JobsPerSecond, o.MakespanRatio, o.SlotUtilisation, o.AttemptsPerJob, o.OverCap, o.P99WaitSeconds, o.P99WaitRatio,
				o.BytesPerWaitingJob, o.RedisCPU, o.Unfinished)
		}
	}
	return tw.Flush()
}
