package sqlstore

import (
	"context"
	"fmt"
	"strconv"

	"holdfast/catalog"
	"holdfast/failure"
)

// Caps implements catalog.Limits. The version is read first: should a change come in
// between, the caller has the newer rows under the older version and reads once more.
func (s *Store) Caps(ctx context.Context) (caps []catalog.Cap, version int64, err error) {
	err = s.view(ctx, "read caps", func(ctx context.Context, q session) (err error) {
		if _, err = q.one(ctx, []any{&version}, "SELECT value FROM counters WHERE name = 'caps'"); err != nil {
			return err
		}
		caps, err = read(ctx, q, capColumns, "FROM caps ORDER BY key")
		return err
	})
	return caps, version, err
}

// SetCap implements catalog.Limits.
func (s *Store) SetCap(ctx context.Context, key string, limit int, by string, ifVersion int64) (result catalog.Cap, err error) {
	if key == "" {
		return catalog.Cap{}, failure.Errorf(failure.Invalid, "set cap: the key is empty")
	}
	err = s.update(ctx, "set cap "+key, func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		version, err := q.count(ctx, "caps")
		if err != nil {
			return err
		}
		old, err := read(ctx, q, capColumns, "FROM caps WHERE key = ?", key)
		if err != nil {
			return err
		}
		if err := checkCapVersion(old, ifVersion); err != nil {
			return err
		}
		result = catalog.Cap{Key: key, Limit: limit, Version: version, UpdatedAt: s.clock.Now(), UpdatedBy: by}
		if err := stored(capColumns, &result); err != nil {
			return err
		}
		return q.storeCap(ctx, old, result)
	})
	if err != nil {
		return catalog.Cap{}, err
	}
	return result, nil
}

// checkCapVersion compares the row, if there is one, with what the caller expects.
func checkCapVersion(old []catalog.Cap, ifVersion int64) error {
	var have int64
	if len(old) > 0 {
		have = old[0].Version
	}
	if ifVersion >= 0 && have != ifVersion {
		return fmt.Errorf("it is at version %d, not %d: %w", have, ifVersion, catalog.ErrConflict)
	}
	return nil
}

func (q session) storeCap(ctx context.Context, old []catalog.Cap, c catalog.Cap) error {
	event := catalog.Event{At: c.UpdatedAt, Type: "cap.set", Actor: c.UpdatedBy, Message: c.Key, To: strconv.Itoa(c.Limit)}
	if len(old) > 0 {
		event.From = strconv.Itoa(old[0].Limit)
	}
	if _, err := q.exec(ctx, "DELETE FROM caps WHERE key = ?", c.Key); err != nil {
		return err
	}
	if c.Limit >= 0 {
		if _, err := insert(ctx, q, "caps", capColumns, []catalog.Cap{c}, "key", "key"); err != nil {
			return err
		}
	} else {
		event.To = "removed"
	}
	return q.addEvents(ctx, []catalog.Event{event})
}

// count raises a counter by one, keeping its row locked, and returns the new value.
func (q session) count(ctx context.Context, name string) (value int64, err error) {
	_, err = q.one(ctx, []any{&value}, "UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value", name)
	return value, err
}

// Epoch implements catalog.Limits.
func (s *Store) Epoch(ctx context.Context) (epoch int64, err error) {
	err = s.view(ctx, "read epoch", func(ctx context.Context, q session) error {
		_, err := q.one(ctx, []any{&epoch}, "SELECT value FROM counters WHERE name = 'epoch'")
		return err
	})
	return epoch, err
}

// BumpEpoch implements catalog.Limits. The gate lets the commits that rely on the old
// epoch end first and makes those that come after see the new one.
func (s *Store) BumpEpoch(ctx context.Context, from int64) (epoch int64, err error) {
	err = s.update(ctx, "raise epoch", func(ctx context.Context, q session) error {
		if err := q.closeGate(ctx); err != nil {
			return err
		}
		epoch, err = q.count(ctx, "epoch")
		if err == nil && epoch != from+1 {
			return fmt.Errorf("it is %d, not %d: %w", epoch-1, from, catalog.ErrConflict)
		}
		if err != nil {
			return err
		}
		return q.addEvents(ctx, []catalog.Event{{
			At: s.clock.Now(), Type: "epoch.opened", Actor: "scheduler", To: strconv.FormatInt(epoch, 10), Message: "the slots in Redis are laid out anew: it was emptied, restarted or failed over",
		}})
	})
	if err != nil {
		return 0, err
	}
	return epoch, nil
}
