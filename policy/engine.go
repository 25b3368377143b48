package policy

import (
	"slices"
	"strings"

	"holdfast/resource"
)

// Engine says who makes the recovery points of a rule.
type Engine string

// The engines. An empty one in a rule means the kind's own default.
const (
	EngineNative    Engine = "native"     // the service's own snapshots
	EngineAWSBackup Engine = "aws-backup" // AWS Backup's jobs and vaults
)

// Engines returns every engine in a fixed order.
func Engines() []Engine { return []Engine{EngineNative, EngineAWSBackup} }

// Abilities is what one engine can do for one kind.
type Abilities struct {
	CopyRegion  bool // copies inside the account, to any region
	CopyAccount bool // copies to another account
	ColdStorage bool // recovery points can move to cold storage
	Archive     bool // opt_in_to_archive_for_supported_resources has a meaning
	Continuous  bool // continuous backups, to restore to any moment
	// Options are the options of advanced_backup_settings it takes.
	Options []string
}

// Capabilities tells Compile what a kind can do; built from the driver registry.
type Capabilities struct {
	Kind       resource.Kind
	ARNPattern string
	// Default is the engine of rules that name none; empty means native.
	Default Engine
	// Engines has an entry for each engine that can back the kind up at all.
	Engines map[Engine]Abilities
}

// Native returns the capabilities of a kind that only its own service backs up.
func Native(kind resource.Kind, arnPattern string, a Abilities) Capabilities {
	return Capabilities{Kind: kind, ARNPattern: arnPattern, Default: EngineNative, Engines: map[Engine]Abilities{EngineNative: a}}
}

// Engine returns the engine that carries out a rule which names e, or none.
func (c Capabilities) Engine(e Engine) Engine {
	switch {
	case e != "":
		return e
	case c.Default != "":
		return c.Default
	}
	return EngineNative
}

// With returns what the kind can do in a rule that names engine e, or none; ok is false
// when that engine cannot back the kind up at all.
func (c Capabilities) With(e Engine) (a Abilities, ok bool) {
	a, ok = c.Engines[c.Engine(e)]
	return a, ok
}

// otherEngine returns an engine that can do what a rule's own cannot.
func (c Capabilities) otherEngine(than Engine, can func(Abilities) bool) (other Engine, ok bool) {
	for _, e := range Engines() {
		if a, has := c.Engines[e]; has && e != c.Engine(than) && can(a) {
			return e, true
		}
	}
	return "", false
}

// engine reads the engine of a rule; a wrong one is reported.
func (c *compiler) engine(path, text string) Engine {
	if text == "" || slices.Contains(Engines(), Engine(text)) {
		return Engine(text)
	}
	names := make([]string, 0, len(Engines()))
	for _, e := range Engines() {
		names = append(names, string(e))
	}
	c.report.problem(path, "engine %q: use %s, or leave it out for what suits the kind", clip(text), strings.Join(names, " or "))
	return ""
}
