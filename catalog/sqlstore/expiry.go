package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
)

// BeginExpiry implements catalog.Jobs. Every guard is evaluated on rows that are locked:
// a guard inside a statement's subquery sees what was, not what another expiry is doing.
func (s *Store) BeginExpiry(ctx context.Context, m catalog.Mutation, guard catalog.ExpiryGuard) (catalog.Job, error) {
	return s.beginGuarded(ctx, m, func(f pointFacts) ([]catalog.PointMove, error) {
		if err := f.guardExpiry(m.Job, guard); err != nil || f.point.State != catalog.Available {
			return nil, err
		}
		return []catalog.PointMove{{PointID: m.Job.PointID, From: catalog.Available, To: catalog.Expiring}}, nil
	})
}

// BeginArchive implements catalog.Jobs.
func (s *Store) BeginArchive(ctx context.Context, m catalog.Mutation, installation string) (catalog.Job, error) {
	return s.beginGuarded(ctx, m, func(f pointFacts) ([]catalog.PointMove, error) {
		return nil, f.guardArchive(m.Job, installation)
	})
}

// beginGuarded commits m, the start of a job that changes a point, if guard lets it, together
// with the moves of the point that guard asks for.
func (s *Store) beginGuarded(ctx context.Context, m catalog.Mutation, guard func(pointFacts) ([]catalog.PointMove, error)) (catalog.Job, error) {
	p := &pending{ctx: ctx, mutation: m}
	op := fmt.Sprintf("begin %s of point %s by job %s", m.Job.Type, m.Job.PointID, m.Job.ID)
	if err := p.prepare(); err != nil {
		return catalog.Job{}, fmt.Errorf("%s: %w", op, err)
	}
	err := s.update(ctx, op, func(ctx context.Context, q session) error {
		p.mutation = m
		batch := []*pending{p}
		v, err := q.lockRows(ctx, batch)
		if err != nil {
			return err
		}
		if err := v.judge(&p.mutation); err != nil {
			return err
		}
		facts, err := q.pointFacts(ctx, m.Job.PointID)
		if err != nil {
			return err
		}
		if facts.now, err = s.now(ctx, q); err != nil {
			return err
		}
		moves, err := guard(facts)
		if err != nil {
			return err
		}
		p.mutation.PointMoves = append(moves, m.PointMoves...)
		return s.store(ctx, q, v, batch)
	})
	if err != nil {
		return catalog.Job{}, err
	}
	return p.job, nil
}

// pointFacts is what the guards of expiries and archive jobs look at, on locked rows.
type pointFacts struct {
	point      catalog.RecoveryPoint // zero when there is none
	expiringBy string
	others     int // other AVAILABLE points of the same resource in the same account and region
	warm       int // those of others that are in warm storage and not on their way out of it
	holds      []catalog.Hold
	locks      []catalog.VaultLock // of the point's vault
	now        int64               // the database's clock, milliseconds
	trusted    time.Time           // from when on the leaders' clock is trusted
}

// pointFacts locks all living points of the point's resource, in the order of ids, and
// only then reads: whoever comes second sees what the first did.
func (q session) pointFacts(ctx context.Context, pointID string) (pointFacts, error) {
	var f pointFacts
	const siblings = `FROM points WHERE state <> 'DELETED' AND (resource_arn, account, region) =
		(SELECT o.resource_arn, o.account, o.region FROM points o WHERE o.id = ?) ORDER BY id`
	if q.postgres {
		if _, err := q.column1(ctx, "SELECT id "+siblings+q.locked(), pointID); err != nil {
			return f, err
		}
	}
	points, err := read(ctx, q, pointColumns, siblings, pointID)
	if err != nil {
		return f, err
	}
	moving, err := q.column1(ctx, `SELECT point_id FROM jobs WHERE type = 'archive' AND state IN ('CREATED', 'RUNNING', 'ABORTING')
		AND (intent_owner <> '' OR ref <> '') AND point_id <> '' AND point_id IN (SELECT id `+siblings+`)`, pointID)
	if err != nil {
		return f, err
	}
	for _, p := range points {
		switch {
		case p.ID == pointID:
			f.point = p
		case p.State == catalog.Available:
			f.others++
			if !p.Cold && !slices.Contains(moving, p.ID) {
				f.warm++
			}
		}
	}
	if _, err := q.one(ctx, []any{&f.expiringBy}, "SELECT expiring_by FROM points WHERE id = ?", pointID); err != nil {
		return f, err
	}
	if f.holds, err = read(ctx, q, holdColumns, "FROM holds WHERE point_id = ? ORDER BY kind, holder", pointID); err != nil {
		return f, err
	}
	if f.locks, err = read(ctx, q, lockColumns, "FROM vault_locks WHERE vault = ?", f.point.Vault); err != nil {
		return f, err
	}
	_, f.trusted, err = q.clock(ctx)
	return f, err
}

// guardArchive returns nil when job may move the point to cold storage, else an error of
// class held that says which guard forbids it.
func (f pointFacts) guardArchive(job catalog.Job, installation string) error {
	held := heldPoint(job)
	reader := slices.IndexFunc(f.holds, func(h catalog.Hold) bool {
		return h.Kind == catalog.HoldCopy || h.Kind == catalog.HoldRestore
	})
	switch {
	case f.point.ID == "":
		return held("is deleted or not in the catalog")
	case f.point.State != catalog.Available:
		return held("is %s", f.point.State)
	case f.point.Installation != installation:
		return held("belongs to installation %q, not %q", f.point.Installation, installation)
	case f.point.Cold:
		return held("is in cold storage already")
	case reader >= 0:
		return held("has a %s hold by %s: it stays warm until that is over", f.holds[reader].Kind, f.holds[reader].Holder)
	case f.warm == 0:
		return held("is the last one of %s in account %s, region %s that is in warm storage",
			f.point.ResourceARN, f.point.Account, f.point.Region)
	default:
		return nil
	}
}

// heldPoint returns what makes errors of class held about the point of job.
func heldPoint(job catalog.Job) func(format string, args ...any) error {
	return func(format string, args ...any) error {
		return failure.Errorf(failure.Held, "recovery point %s %s", job.PointID, fmt.Sprintf(format, args...))
	}
}

// guardExpiry returns nil when job may delete the point, else an error of class held that
// says which guard forbids it.
func (f pointFacts) guardExpiry(job catalog.Job, g catalog.ExpiryGuard) error {
	if skew := g.Now.Sub(fromMillis(f.now)); skew.Abs() > catalog.MaxSkew {
		return failure.Errorf(failure.Transient, "this machine's clock differs from the database's by %s: it deletes nothing until it is set right", skew.Round(time.Second))
	}
	held := heldPoint(job)
	switch {
	case f.point.ID == "":
		return held("is deleted or not in the catalog")
	case f.point.State == catalog.Expiring && f.expiringBy != job.ID:
		return held("is already being deleted by job %s", f.expiringBy)
	case f.point.Installation != g.Installation:
		return held("belongs to installation %q, not %q", f.point.Installation, g.Installation)
	case len(f.holds) > 0:
		return held("has a %s hold by %s", f.holds[0].Kind, f.holds[0].Holder)
	case len(f.locks) > 0 && g.Now.Before(f.locks[0].Keeps(f.point.CompletedAt)):
		return held("lies in vault %s, whose %s lock keeps it until %s", f.point.Vault, f.locks[0].Mode, f.locks[0].Keeps(f.point.CompletedAt).Format(time.RFC3339))
	case g.Now.Before(f.trusted):
		return held("is not deleted before %s because the clock jumped", f.trusted.Format(time.RFC3339))
	case f.others == 0:
		return held("is the last available one of %s in account %s, region %s",
			f.point.ResourceARN, f.point.Account, f.point.Region)
	default:
		return nil
	}
}
