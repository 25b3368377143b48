package sqlstore

import (
	"context"
	"fmt"

	"holdfast/catalog"
	"holdfast/failure"
)

// Installation implements catalog.Store.
func (s *Store) Installation(ctx context.Context, name string) (recorded string, err error) {
	err = s.update(ctx, "record installation", func(ctx context.Context, q session) error {
		if name != "" {
			if _, err := q.exec(ctx, "INSERT INTO settings (name, value) VALUES ('installation', ?) ON CONFLICT (name) DO NOTHING", name); err != nil {
				return err
			}
		}
		found, err := q.one(ctx, []any{&recorded}, "SELECT value FROM settings WHERE name = 'installation'")
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("installation: %w", catalog.ErrNotFound)
		case name != "" && recorded != name:
			return failure.Errorf(failure.Invalid,
				"catalog %s belongs to installation %q, not %q: give this installation a catalog of its own", s.where, recorded, name)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return recorded, nil
}
