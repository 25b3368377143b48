package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// listing is Discover or List, seen as a stream of keys.
type listing struct {
	method Method
	page   int
	// fill makes n items and returns what the listing must say of each, by key.
	fill func(ctx context.Context, l *lab, n int) (map[string]string, error)
	// run lists, with the key and what the listing says of each item.
	run func(ctx context.Context, l *lab, yield func(key, said string) error) error
}

func listingChecks() []Check {
	return append(checksOf("discover", discoverListing), checksOf("list", listListing)...)
}

func checksOf(name string, of func(e *env) listing) []Check {
	check := func(suffix, proves string, run func(ctx context.Context, e *env, ls listing) error) Check {
		return Check{Name: name + suffix, Proves: proves, run: func(ctx context.Context, e *env) error {
			return run(ctx, e, of(e))
		}}
	}
	return []Check{
		check("-pages", "A listing yields each item exactly once, whatever the number of pages.", checkPages),
		check("-stop", "An error of the callback stops a listing and is returned as it is.", checkStop),
		check("-cancel", "A listing stops when its context ends.", checkCancelListing),
		check("-partial", "A listing that could not read every page says so.", checkPartial),
	}
}

func discoverListing(e *env) listing {
	return listing{
		method: Discover, page: e.DiscoverPage,
		fill: func(ctx context.Context, l *lab, n int) (map[string]string, error) {
			made, err := l.resources(ctx, n)
			want := map[string]string{}
			for _, r := range made {
				want[r.ARN] = describe(r)
			}
			return want, err
		},
		run: func(ctx context.Context, l *lab, yield func(key, said string) error) error {
			return l.d.Discover(ctx, l.Home(), func(r resource.Resource) error { return yield(r.ARN, describe(r)) })
		},
	}
}

// describe puts everything the harness knows of a resource into one comparable string.
func describe(r resource.Resource) string {
	return fmt.Sprintf("%s %s %s/%s tags %v unsupported %q", r.Kind, r.Name, r.Account, r.Region, r.Tags, r.Unsupported)
}

func listListing(e *env) listing {
	return listing{
		method: List, page: e.ListPage,
		fill: func(ctx context.Context, l *lab, n int) (map[string]string, error) {
			made, err := l.resources(ctx, n)
			if err != nil {
				return nil, err
			}
			said := map[driver.Ref]string{} // of each backup
			for i, r := range made {
				// List is how a lost catalog is rebuilt, so it shows every installation's.
				inst := installation
				if i%2 == 1 {
					inst = stranger
				}
				m, ref, err := l.start(ctx, r, inst)
				if err != nil {
					return nil, err
				}
				said[ref] = m.Installation + " " + m.JobID
			}
			if err := l.finish(ctx); err != nil {
				return nil, err
			}
			points, err := l.pointsOf(ctx, slices.Collect(maps.Keys(said)))
			want := map[string]string{}
			for ref, point := range points {
				want[string(point)] = said[ref]
			}
			return want, err
		},
		run: func(ctx context.Context, l *lab, yield func(key, said string) error) error {
			return l.d.List(ctx, l.Home(), func(a driver.Artefact) error {
				return yield(string(a.Point.Ref), a.Mark.Installation+" "+a.Mark.JobID)
			})
		},
	}
}

func checkPages(ctx context.Context, e *env, ls listing) error {
	for _, n := range []int{0, 1, ls.page, ls.page + 1} {
		l, err := e.lab(ctx)
		if err != nil {
			return err
		}
		want, err := ls.fill(ctx, l, n)
		if err != nil {
			return err
		}
		got := map[string]string{}
		err = ls.run(ctx, l, func(key, said string) error {
			if _, twice := got[key]; twice {
				return fmt.Errorf("%q was yielded twice", key)
			}
			got[key] = said
			return nil
		})
		if err != nil {
			return fmt.Errorf("%d items: %w", n, err)
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("%d items, a page has %d: %s", n, ls.page, difference(got, want))
		}
	}
	return nil
}

// difference describes the first difference of two maps of equal meaning.
func difference(got, want map[string]string) string {
	for key, said := range want {
		if other, ok := got[key]; !ok {
			return fmt.Sprintf("%d of %d were yielded, %q was not", len(got), len(want), key)
		} else if other != said {
			return fmt.Sprintf("%q is shown as %q, want %q", key, other, said)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			return fmt.Sprintf("%q was yielded and does not exist", key)
		}
	}
	return "no difference"
}

func checkStop(ctx context.Context, e *env, ls listing) error {
	l, err := e.filled(ctx, ls, ls.page+1)
	if err != nil {
		return err
	}
	enough := errors.New("enough")
	for _, after := range []int{1, ls.page + 1} {
		calls := 0
		err := ls.run(ctx, l, func(string, string) error {
			if calls++; calls >= after {
				return enough
			}
			return nil
		})
		if err != enough { //nolint:errorlint // the contract is the same error, not one that wraps it
			return fmt.Errorf("the callback's error became %v", err)
		}
		if calls != after {
			return fmt.Errorf("the callback was called %d more times after its error", calls-after)
		}
	}
	return nil
}

func checkCancelListing(ctx context.Context, e *env, ls listing) error {
	l, err := e.filled(ctx, ls, 2*ls.page+1)
	if err != nil {
		return err
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	calls := 0
	err = ls.run(inner, l, func(string, string) error {
		calls++
		cancel()
		return nil
	})
	if err := wantClass("the cancelled listing", err, failure.Transient); err != nil {
		return err
	}
	// What was read before may still be yielded, a page that was not may not be read.
	if calls > ls.page {
		return fmt.Errorf("%d items after the context ended, a page has %d", calls-1, ls.page)
	}
	return nil
}

func checkPartial(ctx context.Context, e *env, ls listing) error {
	l, err := e.filled(ctx, ls, ls.page+1)
	if err != nil {
		return err
	}
	for _, class := range alwaysRefused() {
		lift, err := l.inject(Fault{Method: ls.method, Effect: Refuse, Class: class, Skip: 1})
		if err == nil {
			err = ls.run(ctx, l, func(string, string) error { return nil })
			err = wantClass("the listing whose second call was refused", err, class)
		}
		lift()
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *env) filled(ctx context.Context, ls listing, n int) (*lab, error) {
	l, err := e.lab(ctx)
	if err != nil {
		return nil, err
	}
	_, err = ls.fill(ctx, l, n)
	return l, err
}
