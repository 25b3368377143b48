package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"holdfast/catalog"
)

// LastValidPolicies implements catalog.Policies.
func (s *Store) LastValidPolicies(ctx context.Context) (map[string]json.RawMessage, error) {
	documents := map[string]json.RawMessage{}
	err := s.view(ctx, "read the last valid policies", func(ctx context.Context, q session) error {
		found, err := read(ctx, q, lastValidColumns, "FROM valid_policies")
		for _, v := range found {
			documents[v.target] = v.document
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return documents, nil
}

// SetLastValidPolicies implements catalog.Policies.
func (s *Store) SetLastValidPolicies(ctx context.Context, documents map[string]json.RawMessage) error {
	var rows []lastValid
	for _, target := range slices.Sorted(maps.Keys(documents)) {
		rows = append(rows, lastValid{target, documents[target]})
	}
	return s.update(ctx, "record the last valid policies", func(ctx context.Context, q session) error {
		if err := q.pass(ctx); err != nil {
			return err
		}
		if _, err := q.exec(ctx, "DELETE FROM valid_policies"); err != nil {
			return err
		}
		if _, err := insert(ctx, q, "valid_policies", lastValidColumns, rows, "target", "target"); err != nil {
			return err
		}
		return q.addEvents(ctx, []catalog.Event{{
			At: s.clock.Now(), Type: "policies.valid", Actor: "scheduler", Message: fmt.Sprintf("the effective policies of %d targets of the organization are in force", len(rows)),
		}})
	})
}
