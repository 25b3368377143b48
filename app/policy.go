package app

import (
	"fmt"
	"os"

	"holdfast/driver"
	"holdfast/policy"
)

// Capabilities returns what the kinds of r can do, for policy.Compile.
func Capabilities(r *driver.Registry) []policy.Capabilities {
	var caps []policy.Capabilities
	for _, kind := range r.Kinds() {
		d, _ := r.Get(kind)
		c := policy.Capabilities{
			Kind: kind, ARNPattern: d.Descriptor().ARNPattern,
			Default: policy.Engine(driver.EngineOf(d)), Engines: map[policy.Engine]policy.Abilities{},
		}
		for _, engine := range r.Engines(kind) {
			d, _ := r.For(kind, engine)
			facts := d.Descriptor()
			c.Engines[policy.Engine(engine)] = policy.Abilities{
				CopyRegion: facts.CopyRegion, CopyAccount: facts.CopyAccount, ColdStorage: facts.ColdStorage,
			}
		}
		caps = append(caps, c)
	}
	return caps
}

// ReadPolicies reads the named files.
func ReadPolicies(names []string) ([]policy.File, error) {
	files := make([]policy.File, 0, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
		files = append(files, policy.File{Name: name, Data: data})
	}
	return files, nil
}
