package sqlstore

import (
	"context"
	"slices"

	"holdfast/catalog"
)

// AdoptPoints implements catalog.Points.
func (s *Store) AdoptPoints(ctx context.Context, points []catalog.RecoveryPoint, actor string) (added int, err error) {
	for chunk := range slices.Chunk(points, lookupChunk) {
		n := 0
		err := s.update(ctx, "adopt recovery points", func(ctx context.Context, q session) error {
			if err := q.pass(ctx); err != nil {
				return err
			}
			ids, err := insert(ctx, q, "points", pointColumns, chunk, "id", "id")
			if err != nil {
				return err
			}
			n = len(ids)
			events := make([]catalog.Event, len(ids))
			for i, id := range ids {
				events[i] = catalog.Event{At: s.clock.Now(), Type: "point.adopted", PointID: id, Actor: actor, To: string(catalog.Available)}
			}
			return q.addEvents(ctx, events)
		})
		if err != nil {
			return added, err
		}
		added += n
	}
	return added, nil
}
