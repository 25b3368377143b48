package sqlstore

import (
	"encoding/json"
	"slices"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// jobIdentity are the columns of a job that never change: what it works on, where it
// comes from and what was asked for.
var jobIdentity = []column[catalog.Job]{
	text("id", func(j *catalog.Job) *string { return &j.ID }),
	text("type", func(j *catalog.Job) *driver.Operation { return &j.Type }),
	text("kind", func(j *catalog.Job) *resource.Kind { return &j.Kind }),
	text("engine", func(j *catalog.Job) *driver.Engine { return &j.Engine }),
	text("partition", func(j *catalog.Job) *string { return &j.Partition }),
	text("account", func(j *catalog.Job) *string { return &j.Account }),
	text("region", func(j *catalog.Job) *string { return &j.Region }),
	text("resource_arn", func(j *catalog.Job) *string { return &j.ResourceARN }),
	text("point_id", func(j *catalog.Job) *string { return &j.PointID }),
	text("plan", func(j *catalog.Job) *string { return &j.Plan }),
	text("rule", func(j *catalog.Job) *string { return &j.Rule }),
	instant("fire_at", func(j *catalog.Job) *time.Time { return &j.FireAt }),
	text("chain_id", func(j *catalog.Job) *string { return &j.ChainID }),
	text("parent_id", func(j *catalog.Job) *string { return &j.ParentID }),
	text("retry_of", func(j *catalog.Job) *string { return &j.RetryOf }),
	text("created_by", func(j *catalog.Job) *string { return &j.CreatedBy }),
	instant("created_at", func(j *catalog.Job) *time.Time { return &j.CreatedAt }),
	document("spec", func(j *catalog.Job) *catalog.Spec { return &j.Spec }),
	instant("start_by", func(j *catalog.Job) *time.Time { return &j.StartBy }),
	instant("complete_by", func(j *catalog.Job) *time.Time { return &j.CompleteBy }),
}

// jobVersion is the compare-and-set counter.
var jobVersion = integer("version", func(j *catalog.Job) *int64 { return &j.Version })

// jobProgress are the columns a Commit writes beside the version. No index has one of
// them, see migration 3.
var jobProgress = []column[catalog.Job]{
	text("state", func(j *catalog.Job) *catalog.State { return &j.State }),
	text("intent_owner", func(j *catalog.Job) *string { return &j.IntentOwner }),
	instant("intent_until", func(j *catalog.Job) *time.Time { return &j.IntentUntil }),
	integer("attempts", func(j *catalog.Job) *int { return &j.Attempts }),
	text("ref", func(j *catalog.Job) *driver.Ref { return &j.Ref }),
	integer("progress", func(j *catalog.Job) *int { return &j.Progress }),
	text("class", func(j *catalog.Job) *failure.Class { return &j.Class }),
	text("message", func(j *catalog.Job) *string { return &j.Message }),
	instant("started_at", func(j *catalog.Job) *time.Time { return &j.StartedAt }),
	instant("ended_at", func(j *catalog.Job) *time.Time { return &j.EndedAt }),
	flag("cancel_requested", func(j *catalog.Job) *bool { return &j.CancelRequested }),
	flag("failure_noted", func(j *catalog.Job) *bool { return &j.FailureNoted }),
}

// jobColumns are those of the table jobs.
var jobColumns = append(append(slices.Clone(jobIdentity), jobVersion), jobProgress...)

// jobReadColumns are a whole job, to be read from jobRows or from a join of its own.
var jobReadColumns = append(slices.Clone(jobColumns),
	orZero(openEpoch), orZero(openRetryAt), orZero(openNextLookAt))

// jobRows are all jobs, each with its row of open_jobs if it has one.
const jobRows = "jobs LEFT JOIN open_jobs ON job_id = id "

// eventColumns leave out seq, which the database gives.
var eventColumns = []column[catalog.Event]{
	instant("at", func(e *catalog.Event) *time.Time { return &e.At }),
	text("type", func(e *catalog.Event) *string { return &e.Type }),
	text("job_id", func(e *catalog.Event) *string { return &e.JobID }),
	text("point_id", func(e *catalog.Event) *string { return &e.PointID }),
	text("actor", func(e *catalog.Event) *string { return &e.Actor }),
	text("from_state", func(e *catalog.Event) *string { return &e.From }),
	text("to_state", func(e *catalog.Event) *string { return &e.To }),
	text("class", func(e *catalog.Event) *failure.Class { return &e.Class }),
	text("message", func(e *catalog.Event) *string { return &e.Message }),
	document("data", func(e *catalog.Event) *json.RawMessage { return &e.Data }),
}

var eventReadColumns = append([]column[catalog.Event]{
	integer("seq", func(e *catalog.Event) *int64 { return &e.Seq }),
}, eventColumns...)

var sealColumns = []column[catalog.Seal]{
	integer("number", func(s *catalog.Seal) *int64 { return &s.Number }),
	integer("first_seq", func(s *catalog.Seal) *int64 { return &s.First }),
	integer("last_seq", func(s *catalog.Seal) *int64 { return &s.Last }),
	integer("events", func(s *catalog.Seal) *int { return &s.Events }),
	instant("newest", func(s *catalog.Seal) *time.Time { return &s.Newest }),
	instant("sealed_at", func(s *catalog.Seal) *time.Time { return &s.SealedAt }),
	text("previous", func(s *catalog.Seal) *string { return &s.Previous }),
	text("digest", func(s *catalog.Seal) *string { return &s.Digest }),
	text("hash", func(s *catalog.Seal) *string { return &s.Hash }),
	text("key_id", func(s *catalog.Seal) *string { return &s.KeyID }),
	text("mac", func(s *catalog.Seal) *string { return &s.MAC }),
	text("roll", func(s *catalog.Seal) *string { return &s.Roll }),
}

var pointColumns = []column[catalog.RecoveryPoint]{
	text("id", func(p *catalog.RecoveryPoint) *string { return &p.ID }),
	text("state", func(p *catalog.RecoveryPoint) *catalog.PointState { return &p.State }),
	text("kind", func(p *catalog.RecoveryPoint) *resource.Kind { return &p.Kind }),
	text("engine", func(p *catalog.RecoveryPoint) *driver.Engine { return &p.Engine }),
	text("partition", func(p *catalog.RecoveryPoint) *string { return &p.Partition }),
	text("account", func(p *catalog.RecoveryPoint) *string { return &p.Account }),
	text("region", func(p *catalog.RecoveryPoint) *string { return &p.Region }),
	text("resource_arn", func(p *catalog.RecoveryPoint) *string { return &p.ResourceARN }),
	text("arn", func(p *catalog.RecoveryPoint) *string { return &p.ARN }),
	text("ref", func(p *catalog.RecoveryPoint) *driver.Ref { return &p.Ref }),
	text("vault", func(p *catalog.RecoveryPoint) *string { return &p.Vault }),
	text("plan", func(p *catalog.RecoveryPoint) *string { return &p.Plan }),
	text("rule", func(p *catalog.RecoveryPoint) *string { return &p.Rule }),
	text("chain_id", func(p *catalog.RecoveryPoint) *string { return &p.ChainID }),
	text("parent_id", func(p *catalog.RecoveryPoint) *string { return &p.ParentID }),
	instant("created_at", func(p *catalog.RecoveryPoint) *time.Time { return &p.CreatedAt }),
	instant("completed_at", func(p *catalog.RecoveryPoint) *time.Time { return &p.CompletedAt }),
	instant("delete_at", func(p *catalog.RecoveryPoint) *time.Time { return &p.DeleteAt }),
	flag("counted", func(p *catalog.RecoveryPoint) *bool { return &p.Counted }),
	integer("size_bytes", func(p *catalog.RecoveryPoint) *int64 { return &p.SizeBytes }),
	flag("encrypted", func(p *catalog.RecoveryPoint) *bool { return &p.Encrypted }),
	text("kms_key_id", func(p *catalog.RecoveryPoint) *string { return &p.KMSKeyID }),
	document("source", func(p *catalog.RecoveryPoint) *resource.Resource { return &p.Source }),
	text("installation", func(p *catalog.RecoveryPoint) *string { return &p.Installation }),
	integer("expire_attempts", func(p *catalog.RecoveryPoint) *int { return &p.ExpireAttempts }),
	instant("expire_after", func(p *catalog.RecoveryPoint) *time.Time { return &p.ExpireAfter }),
	instant("cold_at", func(p *catalog.RecoveryPoint) *time.Time { return &p.ColdAt }),
	integer("cold_attempts", func(p *catalog.RecoveryPoint) *int { return &p.ColdAttempts }),
	flag("cold", func(p *catalog.RecoveryPoint) *bool { return &p.Cold }),
}

var holdColumns = []column[catalog.Hold]{
	text("point_id", func(h *catalog.Hold) *string { return &h.PointID }),
	text("kind", func(h *catalog.Hold) *catalog.HoldKind { return &h.Kind }),
	text("holder", func(h *catalog.Hold) *string { return &h.Holder }),
	instant("created_at", func(h *catalog.Hold) *time.Time { return &h.CreatedAt }),
	text("note", func(h *catalog.Hold) *string { return &h.Note }),
}

var scopeColumns = []column[catalog.InventoryScope]{
	text("partition", func(s *catalog.InventoryScope) *string { return &s.Partition }),
	text("account", func(s *catalog.InventoryScope) *string { return &s.Account }),
	text("region", func(s *catalog.InventoryScope) *string { return &s.Region }),
	text("kind", func(s *catalog.InventoryScope) *resource.Kind { return &s.Kind }),
	instant("attempted_at", func(s *catalog.InventoryScope) *time.Time { return &s.AttemptedAt }),
	instant("synced_at", func(s *catalog.InventoryScope) *time.Time { return &s.SyncedAt }),
	text("class", func(s *catalog.InventoryScope) *failure.Class { return &s.Class }),
	text("message", func(s *catalog.InventoryScope) *string { return &s.Message }),
	integer("resources", func(s *catalog.InventoryScope) *int { return &s.Resources }),
}

var itemColumns = []column[catalog.InventoryItem]{
	text("arn", func(r *catalog.InventoryItem) *string { return &r.ARN }),
	text("account", func(r *catalog.InventoryItem) *string { return &r.Account }),
	text("region", func(r *catalog.InventoryItem) *string { return &r.Region }),
	text("kind", func(r *catalog.InventoryItem) *resource.Kind { return &r.Kind }),
	text("name", func(r *catalog.InventoryItem) *string { return &r.Name }),
	document("tags", func(r *catalog.InventoryItem) *map[string]string { return &r.Tags }),
	document("settings", func(r *catalog.InventoryItem) *json.RawMessage { return &r.Settings }),
	text("unsupported", func(r *catalog.InventoryItem) *string { return &r.Unsupported }),
	instant("first_seen_at", func(r *catalog.InventoryItem) *time.Time { return &r.FirstSeenAt }),
	instant("seen_at", func(r *catalog.InventoryItem) *time.Time { return &r.SeenAt }),
	instant("gone_at", func(r *catalog.InventoryItem) *time.Time { return &r.GoneAt }),
}

var ruleColumns = []column[catalog.RuleState]{
	text("plan", func(r *catalog.RuleState) *string { return &r.Plan }),
	text("rule", func(r *catalog.RuleState) *string { return &r.Rule }),
	instant("first_seen_at", func(r *catalog.RuleState) *time.Time { return &r.FirstSeenAt }),
	instant("last_fire_at", func(r *catalog.RuleState) *time.Time { return &r.LastFireAt }),
}

var fireColumns = []column[catalog.Fire]{
	text("plan", func(f *catalog.Fire) *string { return &f.Plan }),
	text("rule", func(f *catalog.Fire) *string { return &f.Rule }),
	instant("at", func(f *catalog.Fire) *time.Time { return &f.At }),
	text("state", func(f *catalog.Fire) *catalog.FireState { return &f.State }),
	instant("planned_at", func(f *catalog.Fire) *time.Time { return &f.PlannedAt }),
	integer("jobs", func(f *catalog.Fire) *int { return &f.Jobs }),
	text("note", func(f *catalog.Fire) *string { return &f.Note }),
}

var capColumns = []column[catalog.Cap]{
	text("key", func(c *catalog.Cap) *string { return &c.Key }),
	integer("cap", func(c *catalog.Cap) *int { return &c.Limit }),
	integer("version", func(c *catalog.Cap) *int64 { return &c.Version }),
	instant("updated_at", func(c *catalog.Cap) *time.Time { return &c.UpdatedAt }),
	text("updated_by", func(c *catalog.Cap) *string { return &c.UpdatedBy }),
}

var breakerColumns = []column[catalog.Breaker]{
	text("account", func(b *catalog.Breaker) *string { return &b.Account }),
	instant("open_since", func(b *catalog.Breaker) *time.Time { return &b.OpenSince }),
	instant("probe_at", func(b *catalog.Breaker) *time.Time { return &b.ProbeAt }),
	integer("failures", func(b *catalog.Breaker) *int { return &b.Failures }),
	text("message", func(b *catalog.Breaker) *string { return &b.Message }),
}

// lastValid is the last valid effective policy of a target of an organization.
type lastValid struct {
	target   string
	document json.RawMessage
}

var lastValidColumns = []column[lastValid]{
	text("target", func(v *lastValid) *string { return &v.target }),
	document("document", func(v *lastValid) *json.RawMessage { return &v.document }),
}
