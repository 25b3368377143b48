package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// document is everything one call of the program found.
type document struct {
	Machine machine  `json:"machine"`
	Calls   int      `json:"calls"`   // of each contender in each run
	Callers int      `json:"callers"` // of each process
	Rate    float64  `json:"rate"`    // of the bucket, calls a second
	Burst   float64  `json:"burst"`
	Runs    []result `json:"runs"`
}

// machine is where it ran.
type machine struct {
	CPUs int    `json:"cpus"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	Go   string `json:"go"`
}

// result is one run.
type result struct {
	Processes  int                `json:"processes"`
	Stranger   bool               `json:"stranger"`
	Contenders map[string]figures `json:"contenders"`
}

// figures are what a contender did.
type figures struct {
	// BudgetShare is calls accepted : the most the bucket allowed from the start to the
	// last of them, less what a stranger got.
	BudgetShare float64 `json:"budget_share"`
	// ThrottledShare is calls AWS refused for their rate : calls sent.
	ThrottledShare float64 `json:"throttled_share"`
	Seconds        float64 `json:"seconds"`
	Accepted       int     `json:"accepted"`
	Throttled      int     `json:"throttled"`
	PutOff         int     `json:"put_off"`
	StrangerCalls  int     `json:"stranger_calls"`
}

// plus adds two tallies.
func (t tally) plus(o tally) tally {
	return tally{
		Accepted: append(t.Accepted, o.Accepted...), Attempts: t.Attempts + o.Attempts,
		Throttled: t.Throttled + o.Throttled, PutOff: t.PutOff + o.PutOff,
	}
}

// judge turns what was counted since began into figures. It is pure.
func judge(t tally, stranger []time.Time, began time.Time) figures {
	if len(t.Accepted) == 0 {
		return figures{}
	}
	last := slices.MaxFunc(t.Accepted, time.Time.Compare)
	seconds := last.Sub(began).Seconds()
	foreign := 0
	for _, at := range stranger {
		if !at.After(last) {
			foreign++
		}
	}
	return figures{
		BudgetShare:    float64(len(t.Accepted)) / (bucketBurst + bucketRate*seconds - float64(foreign)),
		ThrottledShare: float64(t.Throttled) / float64(t.Attempts),
		Seconds:        seconds, Accepted: len(t.Accepted), Throttled: t.Throttled, PutOff: t.PutOff, StrangerCalls: foreign,
	}
}

// aims are what Holdfast should reach in a run.
func aims(stranger bool) (budgetShare, throttledShare float64) {
	if stranger {
		return 0.85, 0.03
	}
	return 0.95, 0.005
}

func (d document) writeText(w io.Writer) error {
	fmt.Fprintf(w, "%d CPUs, %s/%s, %s; %d calls, %d callers a process, bucket of %g and %g a second\n\n",
		d.Machine.CPUs, d.Machine.OS, d.Machine.Arch, d.Machine.Go, d.Calls, d.Callers, d.Burst, d.Rate)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "processes\tstranger\tcontender\tbudget share\tthrottled share\tseconds\taims\t")
	for _, run := range d.Runs {
		for _, name := range contenders() {
			f := run.Contenders[name]
			fmt.Fprintf(tw, "%d\t%t\t%s\t%.3f\t%.4f\t%.1f\t%s\t\n",
				run.Processes, run.Stranger, name, f.BudgetShare, f.ThrottledShare, f.Seconds, verdict(name, run.Stranger, f))
		}
	}
	return tw.Flush()
}

// verdict says whether Holdfast reached its aims.
func verdict(name string, stranger bool, f figures) string {
	if name != holdfast {
		return ""
	}
	share, throttled := aims(stranger)
	word := func(met bool) string {
		if met {
			return "met"
		}
		return "MISSED"
	}
	return fmt.Sprintf(">= %g %s, <= %g %s", share, word(f.BudgetShare >= share), throttled, word(f.ThrottledShare <= throttled))
}
