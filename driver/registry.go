package driver

import (
	"cmp"
	"fmt"
	"slices"

	"holdfast/resource"
)

// Registry is the set of drivers a process knows, at most one of each kind and engine. It
// is an ordinary value: tests build small ones.
type Registry struct {
	drivers map[resource.Kind]map[Engine]Driver
}

// NewRegistry returns a registry of drivers. Two drivers of one kind and engine are a
// programming error and panic.
func NewRegistry(drivers ...Driver) *Registry {
	r := &Registry{drivers: make(map[resource.Kind]map[Engine]Driver, len(drivers))}
	for _, d := range drivers {
		kind, engine := d.Descriptor().Kind, EngineOf(d)
		if _, taken := r.drivers[kind][engine]; taken {
			panic(fmt.Sprintf("driver: two drivers for kind %q and engine %q", kind, engine))
		}
		if r.drivers[kind] == nil {
			r.drivers[kind] = map[Engine]Driver{}
		}
		r.drivers[kind][engine] = d
	}
	return r
}

// EngineOf returns the engine of d; a descriptor that names none is native.
func EngineOf(d Driver) Engine { return cmp.Or(d.Descriptor().Engine, Native) }

// Get returns the driver of kind for its default engine; ok is false when there is none.
func (r *Registry) Get(kind resource.Kind) (d Driver, ok bool) { return r.For(kind, "") }

// For returns the driver of kind and engine; "" is the kind's default engine.
func (r *Registry) For(kind resource.Kind, engine Engine) (d Driver, ok bool) {
	if engine == "" {
		engine = r.DefaultEngine(kind)
	}
	d, ok = r.drivers[kind][engine]
	return d, ok
}

// Parts returns the drivers whose resources can be part of others, by their kinds.
func (r *Registry) Parts() map[resource.Kind]Part {
	parts := map[resource.Kind]Part{}
	for _, kind := range r.Kinds() {
		d, _ := r.Get(kind)
		if p, ok := d.(Part); ok {
			parts[kind] = p
		}
	}
	return parts
}

// DefaultEngine returns the engine of kind that is taken when none is asked for: the
// native one where there is one. "" for a kind that has no driver.
func (r *Registry) DefaultEngine(kind resource.Kind) Engine {
	if engines := r.Engines(kind); len(engines) > 0 {
		return engines[0]
	}
	return ""
}

// Engines returns the engines of kind, its default first.
func (r *Registry) Engines(kind resource.Kind) []Engine {
	engines := make([]Engine, 0, len(Engines()))
	for _, e := range Engines() {
		if _, ok := r.drivers[kind][e]; ok {
			engines = append(engines, e)
		}
	}
	return engines
}

// Kinds returns the registered kinds, sorted.
func (r *Registry) Kinds() []resource.Kind {
	kinds := make([]resource.Kind, 0, len(r.drivers))
	for k := range r.drivers {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// All returns every driver, sorted by kind, the kind's default engine first.
func (r *Registry) All() []Driver {
	var drivers []Driver
	for _, kind := range r.Kinds() {
		for _, engine := range r.Engines(kind) {
			drivers = append(drivers, r.drivers[kind][engine])
		}
	}
	return drivers
}
