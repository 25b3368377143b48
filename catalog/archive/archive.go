// Package archive takes recovery points, legal holds and vault locks out of a catalog as
// JSON Lines and reads them again: what a rebuild from AWS alone does not know.
package archive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"holdfast/catalog"
)

// Line is one line of an archive: one of its fields is set.
type Line struct {
	Point *catalog.RecoveryPoint `json:"point,omitempty"`
	Hold  *catalog.Hold          `json:"hold,omitempty"`
	Lock  *catalog.VaultLock     `json:"lock,omitempty"`
}

// Store is the part of a catalog that is read.
type Store interface {
	ListPoints(ctx context.Context, f catalog.PointFilter) ([]catalog.RecoveryPoint, error)
	HoldsOf(ctx context.Context, ids []string) (map[string][]catalog.Hold, error)
	VaultLocks(ctx context.Context) ([]catalog.VaultLock, error)
}

const (
	// page is how many points are read at once.
	page = 1000
	// maxLine bounds a line; a point with its source has a few KB.
	maxLine = 1 << 20
)

// Write writes every recovery point that should be on AWS, its legal holds, and every lock,
// and returns how many lines that are.
func Write(ctx context.Context, store Store, out io.Writer) (n int, err error) {
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	put := func(l Line) error { n++; return encoder.Encode(l) }
	points, err := Points(ctx, store)
	if err != nil {
		return n, err
	}
	for i := range points {
		if err := put(Line{Point: &points[i]}); err != nil {
			return n, err
		}
	}
	if err := holds(ctx, store, points, put); err != nil {
		return n, err
	}
	locks, err := store.VaultLocks(ctx)
	if err != nil {
		return n, err
	}
	for i := range locks {
		if err := put(Line{Lock: &locks[i]}); err != nil {
			return n, err
		}
	}
	return n, buffered.Flush()
}

// Points returns all points that should be on AWS.
func Points(ctx context.Context, store Store) (all []catalog.RecoveryPoint, err error) {
	for after := ""; ; after = all[len(all)-1].ID {
		list, err := store.ListPoints(ctx, catalog.PointFilter{
			States: []catalog.PointState{catalog.Available, catalog.Expiring}, After: after, Limit: page,
		})
		all = append(all, list...)
		if err != nil || len(list) < page {
			return all, err
		}
	}
}

// holds puts the legal holds of points; the others belong to jobs.
func holds(ctx context.Context, store Store, points []catalog.RecoveryPoint, put func(Line) error) error {
	for chunk := range slices.Chunk(points, page) {
		ids := make([]string, len(chunk))
		for i, p := range chunk {
			ids[i] = p.ID
		}
		found, err := store.HoldsOf(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			for _, h := range found[id] {
				if h.Kind != catalog.HoldLegal {
					continue
				}
				if err := put(Line{Hold: &h}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Read reads what Write wrote. A line that is longer than 1 MiB, has an unknown field, or
// has not one of the three is an error that names it.
func Read(in io.Reader) (lines []Line, err error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	for n := 1; scanner.Scan(); n++ {
		var l Line
		decoder := json.NewDecoder(bytes.NewReader(scanner.Bytes()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&l); err != nil {
			return nil, fmt.Errorf("line %d is not of an export: %w", n, err)
		}
		if set(l.Point)+set(l.Hold)+set(l.Lock) != 1 {
			return nil, fmt.Errorf("line %d is not of an export: it has to have one of point, hold and lock", n)
		}
		lines = append(lines, l)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
	}
	return lines, nil
}

func set[T any](p *T) int {
	if p == nil {
		return 0
	}
	return 1
}
