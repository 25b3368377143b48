package policy

import (
	"fmt"

	"holdfast/resource"
)

// Ask is one thing a rule asks of every resource it takes: an engine, a copy, a tier, a
// vault that accepts how long its points live. Asks makes them.
type Ask struct {
	Path string // of the setting, inside the rule
	What string // what a resource that lacks it cannot do

	engine Engine
	need   need
	locked func(resource.Resource) string // why the vault refuses; "" when it does not
}

// Asks returns what rule asks of the resources it takes. The locks of vaults are set's.
func Asks(set *Set, rule Rule) []Ask {
	var asks []Ask
	for _, n := range needsOf("", rule) {
		asks = append(asks, Ask{Path: n.path[1:], What: n.what, engine: rule.Engine, need: n}) // without the first dot
	}
	if len(set.Vaults) == 0 {
		return asks
	}
	asks = append(asks, Ask{Path: "target_backup_vault_name", What: "be kept in vault " + rule.Vault, locked: func(r resource.Resource) string {
		return set.lockConflict(rule.Vault, r.Account, r.Region, rule.Keep())
	}})
	for i, action := range rule.CopyActions {
		asks = append(asks, Ask{Path: indexed("copy_actions", i), What: "be kept in vault " + action.Vault, locked: func(r resource.Resource) string {
			to := action.For(r.Account)
			return set.lockConflict(to.Vault, to.Account, to.Region, to.Keep())
		}})
	}
	return asks
}

// Met reports whether r, of the kind c is about, can have what is asked. What AWS ignores
// for kinds that have no such thing counts as met.
func (a *Ask) Met(c Capabilities, r resource.Resource) bool {
	if a.locked != nil {
		return a.locked(r) == ""
	}
	at := reach{region: r.Region, account: r.Account}
	if !a.need.lacks(c, at, a.engine) {
		return true
	}
	at.kinds = []Capabilities{c}
	return a.need.ignorable && a.need.canNever(at)
}

// Explain says why r cannot have what is asked, and what to write instead.
func (a *Ask) Explain(c Capabilities, r resource.Resource) string {
	if a.locked != nil {
		return a.locked(r)
	}
	at := reach{entry: r.ARN, kinds: []Capabilities{c}, region: r.Region, account: r.Account}
	return fmt.Sprintf("%s cannot %s; %s", c.Kind, a.What, a.need.alternative(at, a.engine))
}
