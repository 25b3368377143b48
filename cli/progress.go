package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"holdfast/catalog"
)

// progress shows how jobs get on while somebody waits.
type progress interface {
	update(jobs []catalog.Job)
	note(text string) // a line that stays above what is shown
	done()
}

// progress chooses a bar for a terminal, lines otherwise, nothing beside JSON.
func (d *desk) progress() progress {
	switch {
	case d.json:
		return noProgress{}
	case d.env.Terminal:
		return newProgressBar(d.env.Stderr)
	default:
		return &progressLines{w: d.env.Stderr, shown: map[string]string{}}
	}
}

type noProgress struct{}

func (noProgress) update([]catalog.Job) {}
func (noProgress) note(string)          {}
func (noProgress) done()                {}

// maxJobLines is up to how many jobs each has lines of its own.
const maxJobLines = 20

// progressLines prints a line whenever something changed.
type progressLines struct {
	w     io.Writer
	shown map[string]string
}

func (p *progressLines) update(jobs []catalog.Job) {
	if len(jobs) > maxJobLines {
		p.show("", summaryOf(jobs))
		return
	}
	for _, job := range jobs {
		p.show(job.ID, progressOf(job))
	}
}

func (p *progressLines) show(key, text string) {
	if p.shown[key] != text {
		p.shown[key] = text
		fmt.Fprintln(p.w, text)
	}
}

func (p *progressLines) note(text string) { fmt.Fprintln(p.w, text) }
func (p *progressLines) done()            {}

// progressOf says how far one job is.
func progressOf(job catalog.Job) string {
	text := fmt.Sprintf("%s %s %s", job.Type, job.ID, job.State)
	if job.State == catalog.Running && job.Progress >= 0 {
		text += fmt.Sprintf(" %d%%", job.Progress)
	}
	if job.Message != "" {
		text += ": " + job.Message
	}
	return text
}

// summaryOf counts jobs by state, in the order of a job's life.
func summaryOf(jobs []catalog.Job) string {
	counts := map[catalog.State]int{}
	for _, job := range jobs {
		counts[job.State]++
	}
	parts := []string{counted(len(jobs), "job") + ":"}
	for _, state := range catalog.States() {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", state, n))
		}
	}
	return strings.Join(parts, " ")
}

// progressBar is one bar over all jobs; a running job counts with what AWS says of it.
type progressBar struct {
	container *mpb.Progress
	bar       *mpb.Bar
	summary   string
}

func newProgressBar(w io.Writer) *progressBar {
	p := &progressBar{container: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithAutoRefresh())}
	p.bar = p.container.AddBar(0,
		mpb.PrependDecorators(decor.Percentage(decor.WC{W: 5})),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string { return fmt.Sprintf(" %d/%d", s.Current/100, s.Total/100) })))
	return p
}

func (p *progressBar) update(jobs []catalog.Job) {
	percent := int64(0)
	for _, job := range jobs {
		switch {
		case job.State.Terminal():
			percent += 100
		case job.State == catalog.Running && job.Progress > 0:
			percent += int64(min(job.Progress, 99))
		}
	}
	p.bar.SetTotal(int64(len(jobs))*100, false)
	p.bar.SetCurrent(percent)
	if text := summaryOf(jobs); text != p.summary {
		p.summary = text
		p.note(text)
	}
}

func (p *progressBar) note(text string) { _, _ = fmt.Fprintln(p.container, text) }

func (p *progressBar) done() {
	p.bar.SetTotal(-1, true)
	p.container.Wait()
}
