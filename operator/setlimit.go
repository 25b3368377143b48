package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/access"
	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/failure"
)

const (
	// removeCap is the limit that takes a cap away.
	removeCap = -1
	// MaxConcurrency is more than AWS runs at once anywhere.
	MaxConcurrency = 1_000_000
)

// The settings of a key.
const (
	Concurrency = "concurrency" // how many operations may run at once; 0 pauses
	Weight      = "weight"      // an account's turns where others have one
)

// LimitRequest sets a cap or a weight, or takes it away.
type LimitRequest struct {
	Key     string `json:"key"`     // see KeyForms
	Setting string `json:"setting"` // Concurrency or Weight
	Value   *int   `json:"value"`   // nil: the default again
	// ExpectVersion refuses when somebody else has set the key since; 0 expects that nobody
	// has, nil expects nothing.
	ExpectVersion *int64 `json:"expect_version,omitempty"`
	DryRun        bool   `json:"dry_run,omitempty"`
}

// LimitOutcome is what holds for a key after a change.
type LimitOutcome struct {
	Key         string `json:"key"`
	Concurrency *int   `json:"concurrency"` // what holds now; null: no cap
	Weight      *int   `json:"weight,omitempty"`
	Origin      string `json:"origin"`  // default, set, or the key whose cap applies; empty: no cap
	Version     int64  `json:"version"` // 0: nobody has set it
	Held        int    `json:"held"`
	DryRun      bool   `json:"dry_run"`
	// Before is what somebody had set before; null: nothing.
	Before *catalog.Cap `json:"before"`
}

// LimitConflictError says that somebody else changed a limit, and what they did.
type LimitConflictError struct {
	Key      string       `json:"key"`
	Expected int64        `json:"expected"`
	Now      *catalog.Cap `json:"now"` // nil: it is not set any more
}

// Version returns the version the key is at.
func (e *LimitConflictError) Version() int64 { return versionOf(e.Now) }

// Error says what was done since.
func (e *LimitConflictError) Error() string {
	if e.Now == nil {
		return fmt.Sprintf("%s is not set: somebody has taken it away since version %d", e.Key, e.Expected)
	}
	return fmt.Sprintf("%s is at version %d, not %d: %s set it to %d at %s",
		e.Key, e.Now.Version, e.Expected, e.Now.UpdatedBy, e.Now.Limit, instant(e.Now.UpdatedAt))
}

// SetLimit changes a limit; the leader applies it within a second. An error of class
// conflict is a *LimitConflictError.
func (d *Desk) SetLimit(ctx context.Context, r LimitRequest) (LimitOutcome, error) {
	if err := d.allow(access.SetLimits, r.DryRun); err != nil {
		return LimitOutcome{}, err
	}
	r.Key = strings.ToLower(r.Key)
	if err := problems(d.CheckLimit(r)).err(); err != nil {
		return LimitOutcome{}, err
	}
	before, err := d.capNow(ctx, r.stored())
	if err != nil {
		return LimitOutcome{}, err
	}
	if r.ExpectVersion != nil && versionOf(before) != *r.ExpectVersion {
		return LimitOutcome{}, conflict(r.Key, *r.ExpectVersion, before)
	}
	return d.applyLimit(ctx, r, before)
}

// CheckLimit returns what is wrong with a request: it knows the kinds and the units.
func (o *Office) CheckLimit(r LimitRequest) []Problem {
	var p problems
	key := strings.ToLower(r.Key)
	o.checkKey(&p, key)
	switch n := r.Value; {
	case r.Setting == Weight && weightKey(key) == "":
		p.add("setting", "only accounts have a weight: write account=111122223333 weight=3 or account=* weight=3")
	case r.Setting == Weight && n != nil && (*n < 1 || *n > admission.MaxWeight):
		p.add("value", "%d is no weight: use 1 to %d", *n, admission.MaxWeight)
	case r.Setting == Concurrency && n != nil && (*n < 0 || *n > MaxConcurrency):
		p.add("value", "%d is no limit: use 0 (paused) to %d", *n, MaxConcurrency)
	case r.Setting != Weight && r.Setting != Concurrency:
		p.add("setting", "%q is no setting: use %s or %s", r.Setting, Concurrency, Weight)
	}
	if v := r.ExpectVersion; v != nil && *v < 0 {
		p.add("expect_version", "%d is no version: write the one `holdfast limits show` prints, or 0 when nobody has set the key", *v)
	}
	return p
}

// stored returns the key as the catalog knows it: weights are kept beside caps.
func (r LimitRequest) stored() string {
	if r.Setting == Weight {
		return weightKey(r.Key)
	}
	return r.Key
}

// applyLimit stores the change, unless somebody was faster, and returns what holds then.
func (d *Desk) applyLimit(ctx context.Context, r LimitRequest, before *catalog.Cap) (LimitOutcome, error) {
	value := removeCap
	if r.Value != nil {
		value = *r.Value
	}
	if !r.DryRun {
		_, err := d.Store.SetCap(ctx, r.stored(), value, d.Who.Name, versionOf(before))
		if errors.Is(err, catalog.ErrConflict) {
			now, readErr := d.capNow(ctx, r.stored())
			return LimitOutcome{}, errors.Join(conflict(r.Key, versionOf(before), now), readErr)
		}
		if err != nil {
			return LimitOutcome{}, fmt.Errorf("set %s: %w", r.Key, err)
		}
	}
	set, _, err := d.Store.Caps(ctx)
	if err != nil {
		return LimitOutcome{}, err
	}
	if r.DryRun {
		set = withCap(set, catalog.Cap{Key: r.stored(), Limit: value, UpdatedBy: d.Who.Name})
	}
	usage, err := d.HeldInCatalog(ctx)
	if err != nil {
		return LimitOutcome{}, err
	}
	result := CapOf(d.DefaultCaps, set, usage, r.Key)
	result.Before, result.DryRun = before, r.DryRun
	return result, nil
}

// withCap returns set as it would be after c was set. It is pure.
func withCap(set []catalog.Cap, c catalog.Cap) []catalog.Cap {
	var list []catalog.Cap
	for _, old := range set {
		if old.Key != c.Key {
			list = append(list, old)
		}
	}
	if c.Limit == removeCap {
		return list
	}
	return append(list, c)
}

// capNow returns what is set of a key; nil when nothing is.
func (d *Desk) capNow(ctx context.Context, key string) (*catalog.Cap, error) {
	set, _, err := d.Store.Caps(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range set {
		if c.Key == key {
			return &c, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing is set
}

func versionOf(c *catalog.Cap) int64 {
	if c == nil {
		return 0
	}
	return c.Version
}

func conflict(key string, expected int64, now *catalog.Cap) error {
	return &failure.Error{Class: failure.Conflict, Err: &LimitConflictError{Key: key, Expected: expected, Now: now}}
}

// CapOf returns what holds for one key. It is pure.
func CapOf(defaults admission.Caps, set []catalog.Cap, usage []admission.KeyUsage, key string) LimitOutcome {
	keys := NewLimits(defaults, set)
	keys.of(key)
	keys.Use(usage, false)
	for _, l := range keys.Sorted() {
		if l.Key == key {
			return LimitOutcome{Key: key, Concurrency: l.Concurrency, Weight: l.Weight, Origin: l.Origin, Version: l.Version, Held: l.Held}
		}
	}
	return LimitOutcome{Key: key}
}
