package demo

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/resource"
	"holdfast/sim"
)

// takeRolesAway lets what only the backup roles of the first accounts may do be refused:
// their resources are known, and no backup of them can begin.
func (n *night) takeRolesAway() {
	if n.opts.Failing <= 0 {
		return
	}
	for _, account := range n.failing() {
		for _, d := range n.Descriptors() {
			for _, action := range d.Actions[resource.ForBackup] {
				if slices.Contains(d.Actions[resource.ForDiscover], action) {
					continue
				}
				service, operation, _ := strings.Cut(action, ":")
				n.company.Inject(sim.Fault{
					Account: account, Service: service, Operation: operation, Effect: sim.Denied,
					Message: "User is not authorized to perform: " + action,
				})
			}
		}
	}
	n.opts.Progress.Note(fmt.Sprintf("the backup roles of %d accounts have lost their permissions", n.opts.Failing))
}

// giveRolesBack ends what takeRolesAway began.
func (n *night) giveRolesBack() {
	for _, account := range n.failing() {
		n.company.Lift(sim.Denied, account)
	}
}

// failing returns the accounts whose roles fail.
func (n *night) failing() []string {
	accounts := n.company.Accounts()
	return accounts[:min(max(n.opts.Failing, 0), len(accounts)-1)]
}
