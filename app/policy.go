package app

import (
	"fmt"
	"os"

	"holdfast/config"
	"holdfast/driver"
	"holdfast/policy"
)

// Policies is what is in force for an installation.
type Policies struct {
	Set    *policy.Set   // nil with problems
	Result policy.Result // of everything but documents that are withheld
	Files  []string
	// Organization has the groups of accounts the policies of an organization are for.
	Organization []OrganizationGroup
}

// Withheld returns the groups whose effective document is invalid.
func (p Policies) Withheld() (groups []OrganizationGroup) {
	for _, g := range p.Organization {
		if len(g.Problems) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// LoadPolicies reads and compiles what the configuration names: files with plans, and
// policies of an organization, for what drivers can do. The error is about what cannot be
// read.
func LoadPolicies(cfg *config.Config, drivers *driver.Registry, last LastValid) (Policies, error) {
	var p Policies
	var err error
	if p.Files, err = cfg.PolicyFiles(); err != nil {
		return p, err
	}
	files, err := ReadPolicies(p.Files)
	if err != nil {
		return p, err
	}
	groups, problems, err := organizationGroups(cfg)
	if err != nil {
		return p, err
	}
	p.compile(files, groups, last, Capabilities(drivers))
	if len(problems) > 0 { // of the layout: who is in which unit is not known
		p.Set, p.Result.Problems = nil, append(p.Result.Problems, problems...)
		return p, nil
	}
	p.Result.Warnings = append(p.Result.Warnings, unplaced(cfg, p.Organization)...)
	return p, nil
}

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
				CopyRegion: facts.CopyRegion, CopyAccount: facts.CopyAccount,
				ColdStorage: facts.ColdStorage && !facts.Archive, Archive: facts.Archive,
				Options: facts.BackupOptions,
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
