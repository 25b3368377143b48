package cloud

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
)

// Store keeps the things of one type by place and id.
type Store[T any] struct {
	places map[Place]map[string]T
}

// Get returns a thing; ok is false when there is none.
func (s *Store[T]) Get(p Place, id string) (thing T, ok bool) {
	thing, ok = s.places[p][id]
	return thing, ok
}

// Put adds or replaces a thing.
func (s *Store[T]) Put(p Place, id string, thing T) {
	if s.places == nil {
		s.places = map[Place]map[string]T{}
	}
	if s.places[p] == nil {
		s.places[p] = map[string]T{}
	}
	s.places[p][id] = thing
}

// Delete removes a thing.
func (s *Store[T]) Delete(p Place, id string) { delete(s.places[p], id) }

// In returns the things of a place, ordered by id.
func (s *Store[T]) In(p Place) []T {
	things := s.places[p]
	ordered := make([]T, 0, len(things))
	for _, id := range slices.Sorted(maps.Keys(things)) {
		ordered = append(ordered, things[id])
	}
	return ordered
}

// Unordered returns the things of a place by id, to be read only.
func (s *Store[T]) Unordered(p Place) map[string]T { return s.places[p] }

// All returns the things of every place, in a fixed order.
func (s *Store[T]) All() []T {
	var all []T
	for _, p := range slices.SortedFunc(maps.Keys(s.places), func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	}) {
		all = append(all, s.In(p)...)
	}
	return all
}

// Page cuts one page out of items ordered by key: those after the token's, at most limit.
// Tokens name the last key given out, so a listing misses nothing that was there all the
// time, whatever came and went meanwhile. next is empty on the last page.
func Page[T any](items []T, key func(T) string, token string, limit int) (page []T, next string, err error) {
	if token != "" {
		last, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return nil, "", Errorf("InvalidNextToken", "the page token %q is not one of ours", token)
		}
		i, found := slices.BinarySearchFunc(items, string(last), func(item T, k string) int { return cmp.Compare(key(item), k) })
		if found {
			i++
		}
		items = items[i:]
	}
	if len(items) <= limit {
		return items, "", nil
	}
	page = items[:limit]
	return page, base64.RawURLEncoding.EncodeToString([]byte(key(page[limit-1]))), nil
}
