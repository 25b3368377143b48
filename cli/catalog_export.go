package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
)

// exported is one line of an export.
type exported struct {
	Point *catalog.RecoveryPoint `json:"point,omitempty"`
	Hold  *catalog.Hold          `json:"hold,omitempty"`
	Lock  *catalog.VaultLock     `json:"lock,omitempty"`
}

func exportCatalog(ctx *cli.Context, d *desk) (err error) {
	var c checks
	c.noArguments(ctx)
	if err := c.err(); err != nil {
		return err
	}
	out := d.env.Stdout
	if name := ctx.String("out"); name != "" {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the user names the file
		if err != nil {
			return badInput("--out: %v", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	buffered := bufio.NewWriter(out)
	n, err := d.writeExport(ctx.Context, json.NewEncoder(buffered))
	if err = errors.Join(err, buffered.Flush()); err == nil {
		d.note("%d lines are written", n)
	}
	return err
}

func (d *desk) writeExport(ctx context.Context, out *json.Encoder) (n int, err error) {
	put := func(l exported) error { n++; return out.Encode(l) }
	points, err := (&survey{d: d}).catalogPoints(ctx)
	if err != nil {
		return n, err
	}
	for i := range points {
		if err := put(exported{Point: &points[i]}); err != nil {
			return n, err
		}
	}
	for chunk := range slices.Chunk(points, maxListLimit) {
		ids := make([]string, len(chunk))
		for i, p := range chunk {
			ids[i] = p.ID
		}
		holds, err := d.store.HoldsOf(ctx, ids)
		if err != nil {
			return n, err
		}
		for _, id := range ids {
			for _, h := range holds[id] {
				if h.Kind != catalog.HoldLegal {
					continue // the others belong to jobs
				}
				if err := put(exported{Hold: &h}); err != nil {
					return n, err
				}
			}
		}
	}
	locks, err := d.store.VaultLocks(ctx)
	for i := range locks {
		if err := put(exported{Lock: &locks[i]}); err != nil {
			return n, err
		}
	}
	return n, err
}

// imported is what `catalog import --output json` prints.
type imported struct {
	Points int `json:"points"` // new ones
	Holds  int `json:"holds"`
	Locks  int `json:"locks"`
}

// maxExportLine bounds a line of an export; a point with its source has a few KB.
const maxExportLine = 1 << 20

func importCatalog(ctx *cli.Context, d *desk) error {
	lines, err := readExport(ctx.String("file"))
	if err != nil {
		return badInput("--file: %v", err)
	}
	var points []catalog.RecoveryPoint
	for _, l := range lines {
		if l.Point != nil && l.Point.Installation != d.cfg.Installation {
			return badInput("--file: recovery point %s is of installation %q, not %q", l.Point.ID, l.Point.Installation, d.cfg.Installation)
		}
		if l.Point != nil {
			l.Point.State = catalog.Available
			points = append(points, *l.Point)
		}
	}
	by := userOf(d.env.Environ)
	var result imported
	if result.Points, err = d.store.AdoptPoints(ctx.Context, points, by); err != nil {
		return err
	}
	if err := d.importGuards(ctx.Context, lines, by, &result); err != nil {
		return err
	}
	return d.print(result, func() error {
		d.line("%d recovery points, %d legal holds and %d vault locks are read", result.Points, result.Holds, result.Locks)
		return nil
	})
}

// importGuards puts back holds, and locks where there is none.
func (d *desk) importGuards(ctx context.Context, lines []exported, by string, result *imported) error {
	locks, err := d.store.VaultLocks(ctx)
	if err != nil {
		return err
	}
	for _, l := range lines {
		switch {
		case l.Hold != nil:
			err := d.store.AddHold(ctx, *l.Hold, by)
			if errors.Is(err, catalog.ErrNotFound) || errors.Is(err, catalog.ErrConflict) {
				d.note("hold %s: %v", l.Hold.Holder, err)
				continue
			}
			if err != nil {
				return err
			}
			result.Holds++
		case l.Lock != nil && !slices.ContainsFunc(locks, func(o catalog.VaultLock) bool { return o.Vault == l.Lock.Vault }):
			// A lock that was final is final again: it is judged at the time it was made.
			if err := d.store.SetVaultLock(ctx, l.Lock.Vault, l.Lock, by, "imported", l.Lock.LockedAt); err != nil {
				return err
			}
			result.Locks++
		}
	}
	return nil
}

func readExport(name string) (lines []exported, err error) {
	file, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, maxExportLine)
	for n := 1; scanner.Scan(); n++ {
		var l exported
		decoder := json.NewDecoder(strings.NewReader(scanner.Text()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&l); err != nil {
			return nil, fmt.Errorf("line %d is not of an export: %w", n, err)
		}
		lines = append(lines, l)
	}
	return lines, scanner.Err()
}
