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
	for _, d := range Descriptors(r) {
		caps = append(caps, policy.Native(d.Kind, d.ARNPattern, policy.Abilities{
			CopyRegion: d.CopyRegion, CopyAccount: d.CopyAccount,
		}))
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
