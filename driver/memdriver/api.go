package memdriver

import (
	"context"
	"errors"
	"maps"
	"slices"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/failure"
	"holdfast/resource"
)

// The calls of the service. Each is also the IAM action that allows it.
const (
	describeThings = "mem:DescribeThings"
	describePoints = "mem:DescribePoints"
	createPoint    = "mem:CreatePoint"
	copyPoint      = "mem:CopyPoint"
	sharePoint     = "mem:SharePoint"
	createThing    = "mem:CreateThing"
	tagThing       = "mem:TagThing"
	deletePoint    = "mem:DeletePoint"
	stopPoint      = "mem:StopPoint"
	archivePoint   = "mem:ArchivePoint"
)

// errAnswerLost is what a caller sees of a call that was carried out and not answered.
var errAnswerLost = errors.New("connection reset by peer")

// describe is one call of a listing: the visible items of scope that match keep, from the
// cursor on, a page at most; next is 0 after the last page.
func (c *Cloud) describe(ctx context.Context, m conformance.Method, s family, scope resource.Scope, keep func(item) bool, cursor int) (page []item, next int, err error) {
	op := describeThings
	if s == points {
		op = describePoints
	}
	if _, err := c.call(ctx, m, op, false); err != nil {
		return nil, 0, err
	}
	defer c.mu.Unlock()
	now := c.opts.Clock.Now()
	for n := cursor; n < len(c.items); n++ {
		i := c.items[n]
		if i.family != s || i.scope != scope || i.deleted || i.visibleAt.After(now) || !keep(*i) {
			continue
		}
		if len(page) == c.opts.Page {
			return page, n, nil
		}
		copied := *i
		copied.tags = maps.Clone(i.tags)
		page = append(page, copied)
	}
	return page, 0, nil
}

// create is a call that makes a new item, or returns the one its token made.
func (c *Cloud) create(ctx context.Context, m conformance.Method, call string, op driver.Operation, want item) (driver.Ref, error) {
	lost, err := c.call(ctx, m, call, true)
	if err != nil {
		return "", err
	}
	defer c.mu.Unlock()
	made := c.byToken(want)
	if made == nil {
		made = c.add(want)
		if c.doomed[op] > 0 {
			c.doomed[op]--
			made.failed = true
		}
	}
	if lost {
		return "", refusal(failure.Transient, call, errAnswerLost)
	}
	return made.ref, nil
}

// byToken returns what the token of want made before, also when that is deleted by now;
// c.mu is held.
func (c *Cloud) byToken(want item) *item {
	if !c.opts.Tokens {
		return nil
	}
	for _, i := range c.items {
		if i.family == want.family && i.scope == want.scope && i.token == want.token && want.token != "" {
			return i
		}
	}
	return nil
}

// source returns the completed point a copy or restore by an account is made from.
func (c *Cloud) source(scope resource.Scope, ref driver.Ref, account, call string) (item, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.get(points, scope, ref)
	switch {
	case i == nil || account != scope.Account && !i.shared[account]:
		return item{}, refusal(failure.NotFound, call, errors.New("no such point"))
	case i.readyAt.After(c.opts.Clock.Now()):
		return item{}, refusal(failure.Busy, call, errors.New("the point is not complete"))
	case i.failed:
		return item{}, refusal(failure.Invalid, call, errors.New("the point is failed"))
	case call == copyPoint && i.cold(c.opts.Clock.Now()):
		return item{}, refusal(failure.Invalid, call, errors.New("the point is in cold storage"))
	case c.opts.Moves && i.cold(c.opts.Clock.Now()) && !c.thaws(i):
		return item{}, refusal(failure.Busy, call, errors.New("the point is on its way out of cold storage"))
	default:
		return *i, nil
	}
}

// thaws reports whether a point is back from cold storage, for which it asks the first time;
// c.mu is held.
func (c *Cloud) thaws(i *item) bool {
	now := c.opts.Clock.Now()
	if i.warmAt.IsZero() {
		i.warmAt = now.Add(c.opts.Took)
	}
	return !i.warmAt.After(now)
}

// chill begins the move of a point to cold storage, unless it has begun.
func (c *Cloud) chill(ctx context.Context, scope resource.Scope, ref driver.Ref) error {
	lost, err := c.call(ctx, conformance.Archive, archivePoint, true)
	if err != nil {
		return err
	}
	defer c.mu.Unlock()
	i := c.get(points, scope, ref)
	switch {
	case i == nil:
		return refusal(failure.NotFound, archivePoint, errors.New("no such point"))
	case i.coldAt.IsZero():
		i.coldAt = c.opts.Clock.Now().Add(c.opts.Took)
	}
	if lost {
		return refusal(failure.Transient, archivePoint, errAnswerLost)
	}
	return nil
}

// tag adds tags to a resource that is ready.
func (c *Cloud) tag(ctx context.Context, scope resource.Scope, ref driver.Ref, tags map[string]string) error {
	if _, err := c.call(ctx, conformance.Restore, tagThing, true); err != nil {
		return err
	}
	defer c.mu.Unlock()
	i := c.get(things, scope, ref)
	switch {
	case i == nil:
		return refusal(failure.NotFound, tagThing, errors.New("no such thing"))
	case i.readyAt.After(c.opts.Clock.Now()):
		return refusal(failure.Busy, tagThing, errors.New("the thing is not ready"))
	}
	maps.Copy(i.tags, tags)
	return nil
}

// share lets an account copy a point, or no longer.
func (c *Cloud) share(ctx context.Context, m conformance.Method, scope resource.Scope, ref driver.Ref, account string, allowed bool) error {
	lost, err := c.call(ctx, m, sharePoint, true)
	if err != nil {
		return err
	}
	defer c.mu.Unlock()
	i := c.get(points, scope, ref)
	switch {
	case i == nil:
		return refusal(failure.NotFound, sharePoint, errors.New("no such point"))
	case allowed && i.shared == nil:
		i.shared = map[string]bool{account: true}
	case allowed:
		i.shared[account] = true
	default:
		delete(i.shared, account)
	}
	if lost {
		return refusal(failure.Transient, sharePoint, errAnswerLost)
	}
	return nil
}

// stop takes a point that is in the making away; looks see that it failed.
func (c *Cloud) stop(ctx context.Context, scope resource.Scope, ref driver.Ref) error {
	if _, err := c.call(ctx, conformance.Start, stopPoint, true); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if i := c.get(points, scope, ref); i != nil && i.readyAt.After(c.opts.Clock.Now()) {
		i.deleted, i.stopped = true, true
	}
	return nil
}

// stoppedOf returns those of refs that were stopped in the making.
func (c *Cloud) stoppedOf(scope resource.Scope, refs []driver.Ref) (stopped []driver.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range c.items {
		if i.stopped && i.scope == scope && slices.Contains(refs, i.ref) {
			stopped = append(stopped, i.ref)
		}
	}
	return stopped
}

// remove deletes a point.
func (c *Cloud) remove(ctx context.Context, scope resource.Scope, ref driver.Ref) error {
	lost, err := c.call(ctx, conformance.Delete, deletePoint, true)
	if err != nil {
		return err
	}
	defer c.mu.Unlock()
	i := c.get(points, scope, ref)
	if i == nil {
		return refusal(failure.NotFound, deletePoint, errors.New("no such point"))
	}
	i.deleted = true
	if lost {
		return refusal(failure.Transient, deletePoint, errAnswerLost)
	}
	return nil
}
