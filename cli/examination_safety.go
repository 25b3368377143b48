package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"holdfast/catalog"
	"holdfast/scheduler"
)

// What the doctor tolerates of what keeps recovery points safe.
const (
	unsealedTail = 5 * time.Minute // history without a seal
	lowDisk      = 1 << 30         // bytes left for an embedded catalog
	leftPoints   = 1000            // counted at most, of each place
	leftNamed    = 50              // places: their points are reported nowhere else
)

// left names accounts and regions in which nothing can be done any more, with what is there.
func (e *examination) left(ctx context.Context) error {
	accounts, err := e.app.Accounts(ctx)
	if err != nil {
		e.found.warn("left", "check the process's own credentials and aws.accounts", "it is not known which accounts there are: %v", err)
		return nil
	}
	scopes, err := e.app.Store.InventoryScopes(ctx)
	if err != nil {
		return err
	}
	gone := scheduler.FindLeft(scopes, accounts, e.cfg.AWS.Regions)
	for _, l := range gone[:min(len(gone), leftNamed)] {
		points, err := e.app.Store.ListPoints(ctx, catalog.PointFilter{
			States: []catalog.PointState{catalog.Available, catalog.Expiring}, Account: l.Account, Region: l.Region, Limit: leftPoints,
		})
		if err != nil {
			return err
		}
		some := fmt.Sprint(len(points))
		if len(points) == leftPoints {
			some += " or more"
		}
		e.found.warn("left", "put it back into aws.accounts or aws.regions (or enable the region); else nothing more: waiting jobs end a day after it left, and recovery points stay",
			"%s since %s; %s recovery points lie there", l.Reason, instantText(l.Since), some)
	}
	switch {
	case len(gone) == 0:
		e.found.ok("left", "every account and region that was listed is still there")
	case len(gone) > leftNamed:
		e.found.warn("left", "mend aws.accounts and aws.regions, and look again", "and %d more", len(gone)-leftNamed)
	}
	return nil
}

// risks repeats what the leader found at risk.
func (e *examination) risks(ctx context.Context) error {
	risks, err := e.app.Store.Risks(ctx)
	if err != nil {
		return err
	}
	for _, r := range risks[:min(len(risks), namedAtMost)] {
		e.found.warn("risks", "see "+riskBook(r.Kind), "%s: %s %s", r.Kind, r.Subject, r.Message)
	}
	switch {
	case len(risks) == 0:
		e.found.ok("risks", "no recovery point objective is missed, and no deletion fails for good")
	case len(risks) > namedAtMost:
		e.found.warn("risks", "see `holdfast points list` and the web overview", "and %d more", len(risks)-namedAtMost)
	}
	return nil
}

// riskBook names the playbook of a kind of risk.
func riskBook(kind string) string {
	book := map[string]string{
		catalog.RiskRPO: "HoldfastRPOAtRisk", catalog.RiskWindow: "HoldfastWindowAtRisk",
		catalog.RiskUndeletable: "HoldfastPointsUndeletable", catalog.RiskLeader: "HoldfastLeaderMissing",
	}[kind]
	return "docs/playbooks/" + book + ".md"
}

// ledger looks how old the oldest event is that nothing seals yet.
func (e *examination) ledger(ctx context.Context) error {
	oldest, err := e.app.Store.OldestUnsealed(ctx)
	if err != nil {
		return err
	}
	if age := e.clock.Now().Sub(oldest); !oldest.IsZero() && age > unsealedTail {
		e.found.warn("ledger", "see docs/playbooks/HoldfastLedgerUnsealed.md; `holdfast audit verify` checks the whole", "history of %s is not sealed", durationText(age.Round(time.Minute)))
		return nil
	}
	e.found.ok("ledger", "history is sealed as it comes")
	return nil
}

// deletions names stops of scheduled deletions that wait for a person.
func (e *examination) deletions(ctx context.Context) error {
	stops, err := e.app.Store.Stops(ctx)
	if err != nil {
		return err
	}
	waiting := 0
	for _, s := range stops {
		if s.Approved(e.clock.Now()) {
			continue
		}
		if waiting++; waiting <= namedAtMost {
			e.found.warn("deletions", "see `holdfast deletions list`; `holdfast deletions approve` lets them go on",
				"stopped since %s: %d of %d points of %s would be lost within a day", instantText(s.Since), s.Due, s.Of, s.Subject)
		}
	}
	if waiting == 0 {
		e.found.ok("deletions", "none is stopped")
	}
	return nil
}

// notifications counts messages that were given up.
func (e *examination) notifications(ctx context.Context) error {
	counts, err := e.app.Store.CountNotifications(ctx)
	if err != nil {
		return err
	}
	var failing []string
	for target, states := range counts {
		if n := states[catalog.NotificationDead]; n > 0 {
			failing = append(failing, fmt.Sprintf("%s (%d)", target, n))
		}
	}
	if len(failing) > 0 {
		e.found.warn("notifications", "see `holdfast notify failed`, then `holdfast notify retry`", "given up: %s", firstOf(failing))
		return nil
	}
	e.found.ok("notifications", "%d targets, none has given up a message", len(e.cfg.Notifications.Targets))
	return nil
}

// disk looks how much room an embedded catalog has left.
func (e *examination) disk() {
	file, embedded := e.cfg.Catalog.DSN.SQLite()
	if !embedded {
		return
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(file), &fs); err != nil {
		e.found.warn("disk", "check the directory of catalog.dsn", "%s: %v", filepath.Dir(file), err)
		return
	}
	free := int64(fs.Bavail) * int64(fs.Bsize) //nolint:unconvert // the types differ between systems
	if free < lowDisk {
		e.found.warn("disk", "make room on the disk of the catalog, or lower retention.history_days", "%s left for %s: when the disk is full nothing begins", sizeText(free), file)
		return
	}
	e.found.ok("disk", "%s left for the catalog", sizeText(free))
}
