package cli

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"holdfast/catalog"
	"holdfast/catalog/archive"
)

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
	n, err := archive.Write(ctx.Context, d.store, out)
	if err == nil {
		d.note("%d lines are written", n)
	}
	return err
}

// imported is what `catalog import --output json` prints.
type imported struct {
	Points int `json:"points"` // new ones
	Holds  int `json:"holds"`
	Locks  int `json:"locks"`
}

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
func (d *desk) importGuards(ctx context.Context, lines []archive.Line, by string, result *imported) error {
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

func readExport(name string) (lines []archive.Line, err error) {
	file, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return archive.Read(file)
}
