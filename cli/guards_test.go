package cli

import (
	"testing"
	"time"

	"holdfast/catalog"
)

func TestGuardCommands(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.insert(jobA, ordersARN, 48*time.Hour, func(j *catalog.Job) { j.Spec.Vault = "default" })
	o.complete(jobA)
	o.insert(jobB, ordersARN, 24*time.Hour, nil)
	o.complete(jobB)
	o.must(o.store.SetStops(t.Context(), []catalog.Stop{{Subject: ordersARN, Since: noon, Due: 8, Of: 10}}, "leader"))
	o.transcript("guards",
		say("hold add --point "+jobA+" --name case-7 --reason", "asked for by counsel"),
		say("hold list --output json"),
		say("expire --dry-run --point "+jobA),
		say("hold remove --point "+jobA+" --name case-8"),
		say("hold remove --point "+jobA+" --name case-7"),
		say("hold list"),
		say("vault lock --vault default --min-days 30 --reason drill"),
		say("expire --point "+jobA),
		say("vault unlock --vault default"),
		say("vault unlock --vault default --reason over"),
		say("vault lock --vault gold --mode compliance --min-days 365 --grace-days 2"),
		say("vault lock --vault gold --mode compliance --min-days 365 --grace-days 14 --output json"),
		say("vault list"),
		say("deletions list"),
		say("deletions approve --subject "+ordersARN+" --for 900h"),
		say("deletions approve --subject nothing --reason x"),
		say("deletions approve --subject "+ordersARN+" --reason", "we mean it"),
		say("deletions list --output json"),
		say("audit list --actor ana --type expiry"),
	)
}
