package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"holdfast/catalog"
)

// pageSeals is how many seals are read at once: each has some 35 KB.
const pageSeals = 100

// Check compares the whole history of store with its seals.
func Check(ctx context.Context, store Store, keys Keys, anchor string) (Report, error) {
	c := NewChecker(keys, anchor)
	if err := walk(ctx, store, walker{segment: c.Segment, tail: c.Tail}); err != nil {
		return Report{}, err
	}
	return c.Report(), nil
}

// walker is told of every segment, and then of the tail in pages.
type walker struct {
	segment func(catalog.Seal, []catalog.Event)
	tail    func([]catalog.Event)
}

// walk goes through the history of store. Events pruned meanwhile are in no segment, but
// the tail, which is read last, says so.
func walk(ctx context.Context, store Store, w walker) error {
	var last catalog.Seal
	for {
		seals, err := store.Seals(ctx, last.Number, pageSeals)
		if err != nil {
			return err
		}
		for _, s := range seals {
			var events []catalog.Event
			if err := page(ctx, store, last.Last, s.Last, func(list []catalog.Event) { events = append(events, list...) }); err != nil {
				return err
			}
			w.segment(s, events)
			last = s
		}
		if len(seals) < pageSeals {
			break
		}
	}
	through, err := store.Settled(ctx)
	if err != nil {
		return err
	}
	return page(ctx, store, last.Last, through, w.tail)
}

// page reads the events after one number to another.
func page(ctx context.Context, store Store, after, through int64, yield func([]catalog.Event)) error {
	for after < through {
		events, err := store.Events(ctx, catalog.EventFilter{After: after, Through: through, Limit: segmentEvents})
		if err != nil || len(events) == 0 {
			return err
		}
		yield(events)
		after = events[len(events)-1].Seq
	}
	return nil
}

// line is one line of an export: an event, or the seal of the events before it.
type line struct {
	Event *catalog.Event `json:"event,omitempty"`
	Seal  *catalog.Seal  `json:"seal,omitempty"`
}

// Export writes the whole history as JSON Lines, the events of each segment followed by
// its seal and the tail at the end, and returns how many events it wrote.
func Export(ctx context.Context, store Store, out io.Writer) (events int, err error) {
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false) // data is digested as it is stored
	put := func(l line) {
		if err == nil {
			err = encoder.Encode(l)
		}
	}
	tail := func(list []catalog.Event) {
		for i := range list {
			put(line{Event: &list[i]})
		}
		events += len(list)
	}
	walked := walk(ctx, store, walker{tail: tail, segment: func(s catalog.Seal, list []catalog.Event) {
		tail(list)
		put(line{Seal: &s})
	}})
	switch {
	case walked != nil:
		return events, walked
	case err != nil:
		return events, fmt.Errorf("write the export: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return events, fmt.Errorf("write the export: %w", err)
	}
	return events, nil
}

// maxLine bounds one line of an export; a seal of a thousand events has 35 KB.
const maxLine = 4 << 20

// maxOpen bounds how many events an export may have before their seal.
const maxOpen = 1_000_000

// CheckExport is Check of what Export wrote.
func CheckExport(in io.Reader, keys Keys, anchor string) (Report, error) {
	c := NewChecker(keys, anchor)
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	var open []catalog.Event
	for n := 1; scanner.Scan(); n++ {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil || (l.Event == nil) == (l.Seal == nil) || len(open) == maxOpen {
			return Report{}, fmt.Errorf("line %d is neither an event nor a seal: not an export of `holdfast audit export`", n)
		}
		if l.Seal != nil {
			c.Segment(*l.Seal, open)
			open = nil
			continue
		}
		open = append(open, *l.Event)
	}
	if err := scanner.Err(); err != nil {
		return Report{}, fmt.Errorf("read the export: %w", err)
	}
	c.Tail(open)
	return c.Report(), nil
}
