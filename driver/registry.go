package driver

import (
	"fmt"
	"slices"

	"holdfast/resource"
)

// Registry is the set of drivers a process knows. It is an ordinary value: tests build
// small ones.
type Registry struct {
	drivers map[resource.Kind]Driver
}

// NewRegistry returns a registry of drivers. Two drivers of one kind are a programming
// error and panic.
func NewRegistry(drivers ...Driver) *Registry {
	r := &Registry{drivers: make(map[resource.Kind]Driver, len(drivers))}
	for _, d := range drivers {
		kind := d.Descriptor().Kind
		if _, taken := r.drivers[kind]; taken {
			panic(fmt.Sprintf("driver: two drivers for kind %q", kind))
		}
		r.drivers[kind] = d
	}
	return r
}

// Get returns the driver of kind; ok is false when there is none.
func (r *Registry) Get(kind resource.Kind) (d Driver, ok bool) {
	d, ok = r.drivers[kind]
	return d, ok
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
