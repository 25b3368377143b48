package operator

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"holdfast/access"
	"holdfast/catalog"
)

// HoldRequest names a legal hold: a point with one is not deleted, whoever asks.
type HoldRequest struct {
	Point string `json:"point"`
	Name  string `json:"name"`           // of the hold, for example a case number
	Note  string `json:"note,omitempty"` // why; not used when a hold is removed
}

// maxNote is the most bytes a note has.
const maxNote = 1000

// holdName is what a hold may be called: it stands in paths and on command lines.
var holdName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// Check returns what is wrong with the request by itself.
func (r HoldRequest) Check() []Problem {
	var p problems
	if !holdName.MatchString(r.Name) {
		p.add("name", "%q is no name of a hold: use 1 to 100 letters, digits, dots, dashes and underscores", r.Name)
	}
	if len(r.Note) > maxNote {
		p.add("note", "has %d characters: use at most %d", len(r.Note), maxNote)
	}
	return p
}

// AddHold puts a legal hold on a point; one that is there already is left as it is. It
// returns the holds the point has then.
func (d *Desk) AddHold(ctx context.Context, r HoldRequest) ([]catalog.Hold, error) {
	return d.changeHold(ctx, access.AddHold, r, func(id string) error {
		err := d.Store.AddHold(ctx, catalog.Hold{
			PointID: id, Kind: catalog.HoldLegal, Holder: r.Name, CreatedAt: d.Clock.Now(), Note: r.Note,
		}, d.Who.Name)
		if errors.Is(err, catalog.ErrConflict) {
			return refuse("point", "%v", err)
		}
		return err
	})
}

// RemoveHold takes a legal hold off a point and returns the holds that are left.
func (d *Desk) RemoveHold(ctx context.Context, r HoldRequest) ([]catalog.Hold, error) {
	return d.changeHold(ctx, access.RemoveHold, r, func(id string) error {
		err := d.Store.RemoveHold(ctx, id, catalog.HoldLegal, r.Name, d.Who.Name)
		if errors.Is(err, catalog.ErrNotFound) {
			return refuse("name", "%s has no legal hold %q: see `holdfast points show %s`", id, r.Name, id)
		}
		return err
	})
}

func (d *Desk) changeHold(ctx context.Context, action access.Action, r HoldRequest, do func(id string) error) ([]catalog.Hold, error) {
	if err := d.Who.Check(action); err != nil {
		return nil, err
	}
	p := problems(r.Check())
	point, _, err := d.namedPoint(ctx, &p, strings.ToLower(r.Point))
	if err != nil {
		return nil, err
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if err := do(point.ID); err != nil {
		return nil, err
	}
	return d.Store.Holds(ctx, point.ID)
}
