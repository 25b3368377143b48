package catalogtest

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/catalog"
)

var auditChecks = map[string]func(*testing.T, Open){"every decision is an event": everyDecisionIsAnEvent}

// decisions are the methods that change what was decided, is allowed or is so, each with a
// call that does. Every one must leave an event.
var decisions = map[string]func(context.Context, catalog.Store) error{
	"InsertJobs": func(ctx context.Context, s catalog.Store) error {
		_, err := s.InsertJobs(ctx, backups(700, 702))
		return err
	},
	"Commit": func(ctx context.Context, s catalog.Store) error {
		job, err := s.Job(ctx, backup(701).ID)
		if err != nil {
			return err
		}
		m, err := catalog.Change(job, catalog.Aborted, epoch0, "ana", nil)
		if err != nil {
			return err
		}
		_, err = s.Commit(ctx, m)
		return err
	},
	"BeginArchive": func(ctx context.Context, s catalog.Store) error {
		m, _, err := begin(ctx, s, "audited-too", catalog.NewArchive)
		if err == nil {
			_, err = s.BeginArchive(ctx, m, installation)
		}
		return err
	},
	"BeginExpiry": func(ctx context.Context, s catalog.Store) error {
		m, now, err := begin(ctx, s, "audited", catalog.NewExpiry)
		if err == nil {
			_, err = s.BeginExpiry(ctx, m, catalog.ExpiryGuard{Installation: installation, Now: now})
		}
		return err
	},
	"AdoptPoints": func(ctx context.Context, s catalog.Store) error {
		p := point(backup(710), epoch0)
		p.ID, p.ResourceARN = "audited", "arn:audited"
		q, r := p, p
		q.ID, r.ID = "audited-too", "audited-last"
		_, err := s.AdoptPoints(ctx, []catalog.RecoveryPoint{p, q, r}, "ana")
		return err
	},
	"AddHold": func(ctx context.Context, s catalog.Store) error {
		return s.AddHold(ctx, catalog.Hold{PointID: "audited", Kind: catalog.HoldLegal, Holder: "case", CreatedAt: epoch0}, "ana")
	},
	"RemoveHold": func(ctx context.Context, s catalog.Store) error {
		return s.RemoveHold(ctx, "audited", catalog.HoldLegal, "case", "ana")
	},
	"SetVaultLock": func(ctx context.Context, s catalog.Store) error {
		return s.SetVaultLock(ctx, "gold", &catalog.VaultLock{Vault: "gold", Mode: catalog.Governance, MinDays: 1, LockedAt: epoch0, LockedBy: "ana"}, "ana", "", epoch0)
	},
	"SetStops": func(ctx context.Context, s catalog.Store) error {
		return s.SetStops(ctx, []catalog.Stop{{Subject: "arn:x", Since: epoch0, Due: 3, Of: 4}}, "ana")
	},
	"ApproveStop": func(ctx context.Context, s catalog.Store) error {
		return s.ApproveStop(ctx, "arn:x", epoch0.Add(time.Hour), "ana", "meant")
	},
	"ClearStops": func(ctx context.Context, s catalog.Store) error { return s.ClearStops(ctx, []string{"arn:x"}, "ana") },
	"ObserveClock": func(ctx context.Context, s catalog.Store) error {
		if _, err := s.ObserveClock(ctx, epoch0, time.Minute, "ana"); err != nil {
			return err
		}
		_, err := s.ObserveClock(ctx, epoch0.Add(time.Hour), time.Minute, "ana")
		return err
	},
	"AddUser": func(ctx context.Context, s catalog.Store) error {
		return s.AddUser(ctx, catalog.User{Name: "eve", Role: "viewer"}, "ana")
	},
	"ChangeUser": func(ctx context.Context, s catalog.Store) error {
		return s.ChangeUser(ctx, catalog.User{Name: "eve", Role: "admin"}, "role", "ana")
	},
	"RemoveUser": func(ctx context.Context, s catalog.Store) error { return s.RemoveUser(ctx, "eve", "ana") },
	"AddToken": func(ctx context.Context, s catalog.Store) error {
		return s.AddToken(ctx, catalog.Token{ID: "t", Hash: "h", Role: "viewer", CreatedAt: epoch0, ExpiresAt: epoch0.Add(time.Hour)}, "ana")
	},
	"RevokeToken": func(ctx context.Context, s catalog.Store) error { return s.RevokeToken(ctx, "t", "ana") },
	"SetRisks": func(ctx context.Context, s catalog.Store) error {
		return s.SetRisks(ctx, catalog.RiskRPO, []catalog.Risk{{Subject: "x", Count: 1}}, epoch0, "ana")
	},
	"SetCap": func(ctx context.Context, s catalog.Store) error {
		_, err := s.SetCap(ctx, "account=1", 3, "ana", -1)
		return err
	},
	"SetBreaker": func(ctx context.Context, s catalog.Store) error {
		return s.SetBreaker(ctx, catalog.Breaker{Account: "1", OpenSince: epoch0, Failures: 3}, "ana")
	},
	"AppendEvents": func(ctx context.Context, s catalog.Store) error {
		return s.AppendEvents(ctx, []catalog.Event{{At: epoch0, Type: "said"}})
	},
	"RecordFires": func(ctx context.Context, s catalog.Store) error {
		return s.RecordFires(ctx, []catalog.Fire{{Plan: "p", Rule: "r", At: epoch0, State: catalog.FirePlanned}})
	},
	"SetLastValidPolicies": func(ctx context.Context, s catalog.Store) error {
		return s.SetLastValidPolicies(ctx, map[string]json.RawMessage{"root": json.RawMessage(`{}`)})
	},
	"SetReport": func(ctx context.Context, s catalog.Store) error {
		if _, err := s.SeeReport(ctx, "night", epoch0); err != nil {
			return err
		}
		return s.SetReport(ctx, catalog.ScheduledReport{Name: "night", FireAt: epoch0, WrittenAt: epoch0, Place: "x"}, "ana")
	},
	"BumpEpoch": func(ctx context.Context, s catalog.Store) error {
		epoch, err := s.Epoch(ctx)
		if err == nil {
			_, err = s.BumpEpoch(ctx, epoch)
		}
		return err
	},
}

// begin inserts a job of a point and returns the mutation that begins it.
func begin(ctx context.Context, s catalog.Store, point string, newJob func(catalog.RecoveryPoint, string, time.Time) catalog.Job) (m catalog.Mutation, now time.Time, err error) {
	p, err := s.Point(ctx, point)
	if err != nil {
		return m, now, err
	}
	job := newJob(p, "ana", epoch0)
	if _, err := s.InsertJobs(ctx, []catalog.Job{job}); err != nil {
		return m, now, err
	}
	if job, err = s.Job(ctx, job.ID); err != nil {
		return m, now, err
	}
	if now, err = s.Now(ctx); err != nil {
		return m, now, err
	}
	m, err = catalog.Change(job, catalog.Running, now, "ana", func(j *catalog.Job) {
		j.IntentOwner, j.IntentUntil = "ana", now.Add(time.Minute)
	})
	return m, now, err
}

// unrecorded are the methods that write and leave no event, and why they need none.
var unrecorded = map[string]string{
	"MarkSubmitted": "bookkeeping of the queue", "SetFailureNoted": "bookkeeping of the queue", "Postpone": "bookkeeping of looks",
	"KeepUntil": "when to look again", "CountColdAttempt": "its archive job is the event", "CountExpireAttempt": "its expiry job is the event", "SyncInventory": "what AWS has, not what was decided",
	"SeeRule": "first sight of a rule", "SeeReport": "first sight of a report", "AcquireLease": "the lease says who leads, and the log since when",
	"ReleaseLease": "see AcquireLease", "AddSession": "package login appends user.login and user.refused", "RemoveSession": "a logout",
	"SessionUser": "notes when a session was used", "TokenByHash": "notes when a token was used", "BeginReply": "bookkeeping of idempotency",
	"EndReply": "see BeginReply", "Advance": "bookkeeping of notifications", "SetNotification": "bookkeeping of notifications",
	"AddSeal": "the seal itself", "Prune": "leaves ledger.pruned once sealed events go: the history checks try it", "Installation": "the first start",
	"Cursor": "bookkeeping of notifications", "KeepSurvey": "what AWS has", "ForgetSurvey": "what AWS has", "Close": "no write",
}

// reads are how methods that only read are called.
var reads = []string{
	"Job", "JobsByID", "ListJobs", "CountJobs", "Submittable", "Waiting", "Holders", "StartWindowPassed", "Overdue", "CancelRequested",
	"Superseded", "UnnotedFailures", "DueLooks", "DueJobs", "Point", "PointsByID", "ListPoints", "CountPoints", "DuePoints", "DueCold", "RulePoints", "Expirable",
	"Holds", "InventoryScopes", "Resources", "Resource", "Fires", "Lease", "Now", "Caps", "Epoch", "Breakers", "Breaker", "LastValidPolicies",
	"Survey", "VaultLocks", "ExpiryLoads", "Stops", "Users", "User", "Tokens", "Notifications", "Notification", "CountNotifications", "LastSent",
	"Risks", "MissedRPO", "WindowsClosing", "Undeletable", "JobFigures", "Places", "Chains", "OpenResources", "RestoreTimes", "Storage", "OldestPoint",
	"Rules", "ScheduledReports", "Settled", "Seals", "LastSeal", "OldestUnsealed", "SearchJobs", "SearchPoints", "SearchEvents", "LastEvent",
	"Protection", "OpenJobs", "IllJobs", "HeldPoints", "HoldsOf", "Events",
}

// order is that of decisions which need what others left.
var order = strings.Fields(`AdoptPoints AddHold RemoveHold BeginExpiry InsertJobs Commit SetStops ApproveStop ClearStops AddUser ChangeUser AddToken RevokeToken RemoveUser`)

func everyDecisionIsAnEvent(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	known := map[string]bool{}
	for _, name := range reads {
		known[name] = true
	}
	store := reflect.TypeFor[catalog.Store]()
	for m := range store.Methods() {
		_, decides := decisions[m.Name]
		if _, silent := unrecorded[m.Name]; !decides && !silent && !known[m.Name] {
			t.Errorf("catalog.Store.%s is new: say in catalogtest/audit.go whether it decides anything, and try that it leaves an event", m.Name)
		}
	}
	calls := append([]string{}, order...)
	for name := range decisions {
		if !slices.Contains(order, name) {
			calls = append(calls, name)
		}
	}
	for _, name := range calls {
		before, err := s.LastEvent(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := decisions[name](ctx, s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if after, err := s.LastEvent(ctx); err != nil || after == before {
			t.Errorf("%s leaves no event: %v", name, err)
		}
	}
}
