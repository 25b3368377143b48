package demo

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"holdfast/catalog"
	"holdfast/driver"
)

// Progress shows how the night goes. Its methods are called by one goroutine.
type Progress interface {
	// Note says what happens now, e.g. that night has fallen again.
	Note(text string)
	// Update shows the counts of the catalog.
	Update(counts map[driver.Operation]map[catalog.State]int)
	// Done ends the display.
	Done()
}

// counted returns how many jobs of op there are and how many have ended.
func counted(counts map[driver.Operation]map[catalog.State]int, op driver.Operation) (ended, total int) {
	for state, n := range counts[op] {
		total += n
		if state.Terminal() {
			ended += n
		}
	}
	return ended, total
}

// NewBars shows a bar per job type on a terminal.
func NewBars(w io.Writer) Progress {
	container := mpb.New(mpb.WithOutput(w), mpb.WithWidth(48), mpb.WithRefreshRate(150*time.Millisecond))
	b := &bars{container: container, bars: map[driver.Operation]*mpb.Bar{}}
	for _, op := range operations {
		b.bars[op] = container.AddBar(0,
			mpb.PrependDecorators(decor.Name(string(op), decor.WC{W: 8, C: decor.DindentRight})),
			mpb.AppendDecorators(decor.CountersNoUnit("%d / %d", decor.WCSyncSpace)))
	}
	return b
}

type bars struct {
	container *mpb.Progress
	bars      map[driver.Operation]*mpb.Bar
}

func (b *bars) Note(text string) { _, _ = fmt.Fprintln(b.container, text) }

func (b *bars) Update(counts map[driver.Operation]map[catalog.State]int) {
	for op, bar := range b.bars {
		ended, total := counted(counts, op)
		bar.SetTotal(int64(max(total, 1)), false)
		bar.SetCurrent(int64(ended))
	}
}

func (b *bars) Done() {
	for _, bar := range b.bars {
		bar.SetTotal(-1, true)
	}
	b.container.Wait()
}

// lineEvery is how often plain progress is printed.
const lineEvery = 2 * time.Second

// NewLines prints a line every two seconds, for logs and pipes. now is the machine's clock.
func NewLines(w io.Writer, now func() time.Time) Progress {
	return &lines{w: w, now: now}
}

type lines struct {
	w    io.Writer
	now  func() time.Time
	last time.Time
}

func (l *lines) Note(text string) { fmt.Fprintln(l.w, text) }

func (l *lines) Update(counts map[driver.Operation]map[catalog.State]int) {
	if l.now().Sub(l.last) < lineEvery {
		return
	}
	l.last = l.now()
	parts := make([]string, 0, len(operations))
	for _, op := range operations {
		ended, total := counted(counts, op)
		parts = append(parts, fmt.Sprintf("%s %d/%d", op, ended, total))
	}
	fmt.Fprintln(l.w, strings.Join(parts, "   "))
}

func (l *lines) Done() {}

// Silent shows nothing, for --output json.
func Silent() Progress { return silent{} }

type silent struct{}

func (silent) Note(string)                                       {}
func (silent) Update(map[driver.Operation]map[catalog.State]int) {}
func (silent) Done()                                             {}
