package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/internal/clock"
)

const (
	// maxGroup is the most commits that share one transaction.
	maxGroup = 512
	// postgresWriters is how many such transactions are under way at once, and writerShare
	// how many commits must wait before one more begins: a few large transactions cost the
	// database less than many small ones. They may meet on a row as two processes may, and
	// are judged on locked rows all the same. SQLite has one writer.
	postgresWriters = 2
	writerShare     = 64
	// linger is how long a transaction, or a gathered read, waits for company when the
	// one before was shared: most of its cost does not depend on how many share it.
	linger = 3 * time.Millisecond
)

// pending is one commit on its way. job and err are written by the group's goroutine
// before done is closed.
type pending struct {
	ctx      context.Context
	mutation catalog.Mutation
	job      catalog.Job
	err      error
	done     chan struct{}
}

// Commit implements catalog.Jobs. Calls that arrive while a transaction is being written
// gather and share the next one: a lone call waits for nobody, and a busy store writes few
// large transactions. When ctx ends first the mutation may still have been stored; the
// next attempt to change the job will say so with ErrConflict.
func (s *Store) Commit(ctx context.Context, m catalog.Mutation) (catalog.Job, error) {
	if err := ctx.Err(); err != nil {
		return catalog.Job{}, fmt.Errorf("commit job %s: %w", m.Job.ID, err)
	}
	p := &pending{ctx: ctx, mutation: m, done: make(chan struct{})}
	if err := p.prepare(); err != nil {
		return catalog.Job{}, fmt.Errorf("commit job %s: %w", m.Job.ID, err)
	}
	s.enqueue(p)
	select {
	case <-p.done:
	case <-ctx.Done():
		return catalog.Job{}, fmt.Errorf("commit job %s: %w", m.Job.ID, ctx.Err())
	}
	if p.err != nil {
		return catalog.Job{}, fmt.Errorf("commit job %s: %w", m.Job.ID, p.err)
	}
	return p.job, nil
}

// prepare checks the mutation and works out the row a read after the commit returns.
func (p *pending) prepare() error {
	m := &p.mutation
	if err := catalog.CheckTransition(m.From, m.Job.State); err != nil {
		return &failure.Error{Class: failure.Internal, Err: err}
	}
	for i := range m.FollowUps {
		if err := insertable(&m.FollowUps[i]); err != nil {
			return err
		}
	}
	p.job = m.Job
	closed(&p.job)
	if err := stored(jobReadColumns, &p.job); err != nil {
		return err
	}
	p.job.Version++
	return nil
}

func (s *Store) enqueue(p *pending) {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	s.group.queue = append(s.group.queue, p)
	if s.group.needsWriter(s.dialect) {
		s.group.writers++
		s.group.running.Go(s.drain)
	}
}

// needsWriter reports whether the commits that wait deserve one more transaction; g.mu is
// held.
func (g *group) needsWriter(d dialect) bool {
	if g.writers == 0 {
		return true
	}
	return d.postgres && g.writers < postgresWriters && len(g.queue) >= writerShare
}

// drain writes groups until nobody waits.
func (s *Store) drain() {
	for {
		batch := s.group.next()
		if len(batch) == 0 {
			return
		}
		s.commitGroup(batch)
		for _, p := range batch {
			close(p.done)
		}
		if len(batch) > 1 && s.group.waiting() < writerShare {
			_ = clock.System().Sleep(context.Background(), linger)
		}
	}
}

// waiting returns how many commits nobody has taken yet.
func (g *group) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}

// next takes the longest waiting commits that do not touch one another's rows, so that
// each can be judged as if it were alone. With nobody waiting the group ends.
func (g *group) next() []*pending {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.writers > 1 && len(g.queue) < writerShare {
		g.writers-- // the others take what is left
		return nil
	}
	var batch, later []*pending
	taken := make(map[string]bool, len(g.queue))
	for i, p := range g.queue {
		if len(batch) == maxGroup {
			later = append(later, g.queue[i:]...)
			break
		}
		if p.claim(taken) {
			batch = append(batch, p)
		} else {
			later = append(later, p)
		}
	}
	g.queue = later
	if len(batch) == 0 {
		g.writers--
	}
	return batch
}

// claim marks the rows p touches; it returns false when one is taken. They are marked
// even then: a third commit on the same row must not overtake p.
func (p *pending) claim(taken map[string]bool) bool {
	free := true
	mark := func(kind, id string) {
		key := kind + id
		free = free && !taken[key]
		taken[key] = true
	}
	m := &p.mutation
	own := map[string]bool{m.Job.ID: true}
	mark("job ", m.Job.ID)
	points := map[string]bool{}
	for i := range m.Points {
		points[m.Points[i].ID] = true
	}
	for _, move := range m.PointMoves {
		points[move.PointID] = true
	}
	for i := range m.FollowUps {
		f := &m.FollowUps[i]
		if !own[f.ID] {
			own[f.ID] = true
			mark("job ", f.ID)
		}
		if f.PointID != "" {
			points[f.PointID] = true
		}
	}
	for id := range points {
		mark("point ", id)
	}
	return free
}

// commitGroup writes batch in one transaction. If that fails for a reason that lies in
// somebody's values, each is tried alone, so that only the guilty fails.
func (s *Store) commitGroup(batch []*pending) {
	live := batch[:0:0]
	for _, p := range batch {
		if p.err = p.ctx.Err(); p.err == nil {
			live = append(live, p)
		}
	}
	err := s.commitTogether(live)
	if err == nil || len(live) < 2 || !ownFault(err) {
		refuse(live, err)
		return
	}
	for _, p := range live {
		one := []*pending{p}
		refuse(one, s.commitTogether(one))
	}
}

// refuse gives err to those of batch that were not refused for a reason of their own.
func refuse(batch []*pending, err error) {
	if err == nil {
		return
	}
	for _, p := range batch {
		p.err = err
	}
}

// commitTogether writes a batch in one transaction and sets the error of each commit
// that is refused. The callers' contexts may end at any time without harm to the others.
func (s *Store) commitTogether(batch []*pending) error {
	if len(batch) == 0 {
		return nil
	}
	if isPlain(batch) {
		if err := s.commitBoldly(batch); !errors.Is(err, errCount) {
			return err
		}
	}
	return s.commitCarefully(batch)
}

// isPlain reports whether nothing but the statements themselves has to decide about batch:
// no point moves, and what follows reads only points that come with it.
func isPlain(batch []*pending) bool {
	for _, p := range batch {
		m := &p.mutation
		for i := range m.FollowUps {
			_, reads := sourceHold(m.FollowUps[i])
			if reads && !slices.ContainsFunc(m.Points, func(p catalog.RecoveryPoint) bool {
				return p.ID == m.FollowUps[i].PointID && p.State == catalog.Available
			}) {
				return false
			}
		}
		if len(m.PointMoves) > 0 {
			return false
		}
	}
	return true
}

// commitBoldly writes batch as if every row were as its caller read it, which is nearly
// always so. The statements change only rows that are; when one changes fewer than it
// must, the transaction is undone and the error is errCount.
func (s *Store) commitBoldly(batch []*pending) error {
	w := effectsOf(batch, newView(), s.clock.Now()).writes(s.dialect)
	if w.err != nil {
		return w.err
	}
	return s.retry(context.Background(), "write", func(ctx context.Context) error {
		if !s.dialect.postgres {
			return s.transact(ctx, func(ctx context.Context, q session) error { return q.run(ctx, w) })
		}
		conn, err := s.writer.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // back to the pool
		return conn.Raw(func(c any) error { return pipelined(ctx, c.(*stdlib.Conn).Conn(), w) })
	})
}

// commitCarefully locks what batch depends on, judges each commit and writes those that
// are accepted.
func (s *Store) commitCarefully(batch []*pending) error {
	return s.update(context.Background(), "write", func(ctx context.Context, q session) error {
		for _, p := range batch {
			p.err = nil
		}
		v, err := q.lockRows(ctx, batch)
		if err != nil {
			return err
		}
		accepted := batch[:0:0]
		for _, p := range batch {
			if p.err = v.judge(&p.mutation); p.err == nil {
				accepted = append(accepted, p)
			}
		}
		return s.store(ctx, q, v, accepted)
	})
}
